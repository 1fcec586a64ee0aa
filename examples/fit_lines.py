"""A tour of fitting: one call each for the lines and curves people need, and the uncertainty that comes with them.

`fit_line` chooses the solver by what it is told: the loss, the errors of the points, the degree. `fit` takes any
function as a model and differentiates it. Both return the same result, which prints as a short table: 0.260(48)
is 0.260 with a standard error of 0.048.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

DATA = Path(__file__).parent / "data"
H, C, K = 6.62607015e-34, 299792458.0, 1.380649e-23  # Planck, light, Boltzmann: exact since 2019


def columns(name):
    with (DATA / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(row[key]) for row in rows]) for key in rows[0]]


def planck(wavenumber, temperature):
    """The spectrum of a black body, in MJy/sr, at wavenumbers in 1/cm."""
    nu = 100 * C * wavenumber
    return 2e20 * H * nu**3 / C**2 / np.expm1(H * nu / (K * temperature))


def main(picture="fit_lines.png"):
    print("-- a line, and where the next point will be")
    x, y = columns("line_15")
    line = mg.fit_line(x, y)
    print(line)
    at, low, high = line.predict(4.0, band=0.95, kind="new")
    print(f"at x = 4 a new point falls between {low:.2f} and {high:.2f}, around {at:.2f}, 19 times in 20\n")

    print("-- NIST's Norris problem: certified are 1.00211681802045 and -0.262323073774029")
    norris = mg.fit_line(*columns("norris"))
    print(f"slope {norris.slope:.15g}, intercept {norris.intercept:.15g}")
    print(f"their errors {norris.errors['slope']:.12g} and {norris.errors['intercept']:.12g}\n")

    print("-- errors in x and y alike: the distance to the line; x and y may change places")
    x100, y100 = columns("line_distance_100")
    nearest = mg.fit_line(x100, y100, loss="distance")
    swapped = mg.fit_line(y100, x100, loss="distance")
    print(nearest)
    print(f"slope {nearest.slope:.9f}, and with x and y swapped 1 / {swapped.slope:.9f} = {1 / swapped.slope:.9f}")
    print(f"least squares in y alone makes it flatter: {mg.fit_line(x100, y100).slope:.9f}\n")

    print("-- an error of its own for each x and y: Pearson's points with York's weights")
    px, py, sigma_x, sigma_y = columns("pearson_york")
    weighted = mg.fit_line(px, py, sigma=sigma_y)
    york = mg.fit_line(px, py, loss="distance", sigma=sigma_y, sigma_x=sigma_x, absolute_sigma=True)
    print(f"errors in y alone    slope {weighted.slope:.6f}, intercept {weighted.intercept:.6f}")
    print(f"errors in both       slope {york.slope:.12f}, intercept {york.intercept:.11f}")
    print(
        f"                     errors {york.errors['slope']:.7f} and {york.errors['intercept']:.7f}, χ² {york.chi2:.6f}"
    )
    print("\n".join(york.warnings), end="\n\n")

    print("-- four bad days in a chemical plant: what each loss makes of them")
    air, water, acid, loss = columns("stackloss")
    days = np.column_stack([air, water, acid])
    planes = {name: mg.fit_line(days, loss, loss=name) for name in ("mse", "huber", "tukey")}
    print("           intercept   air flow   water    acid")
    for name, plane in planes.items():
        print(f"{name:9} " + "".join(f"{value:10.4f}" for value in plane.params.values()))
    print()

    print("-- a curve: Anscombe's second set lies on a parabola")
    anscombe = columns("anscombe")
    ax, ay = anscombe[2:4]
    parabola = mg.fit_line(ax, ay, degree=2)
    print(parabola)
    print(f"R² of a straight line {mg.fit_line(ax, ay).r2:.4f}, of the parabola {parabola.r2:.7f}\n")

    print("-- any function: Planck's law, and the temperature of the sky")
    nu, intensity, sigma = columns("firas")
    sky = mg.fit(planck, nu, intensity, {"temperature": 300.0}, sigma=sigma, absolute_sigma=True)
    kelvin, error = sky.params["temperature"], sky.errors["temperature"]
    print(f"T = {kelvin:.8f} ± {error:.8f} K, found from a start at 300 K")
    print(f"χ² {sky.chi2:.2f} for {sky.dof} degrees of freedom")

    draw(picture, (x, y, line), (px, py, sigma_x, sigma_y, weighted, york), (nu, sigma, sky))
    return {
        "line": line,
        "band": (low, high),
        "norris": norris,
        "nearest": nearest,
        "swapped": swapped,
        "york": york,
        "planes": planes,
        "parabola": parabola,
        "sky": sky,
    }


def draw(picture, first, second, third):
    figure = Figure(figsize=(14, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)

    x, y, line = first
    ends = np.linspace(x.min() - 0.3, x.max() + 0.3, 80)
    for kind, shade, label in (("new", 0.12, "a new point, 95 %"), ("mean", 0.3, "the line, 95 %")):
        at, low, high = line.predict(ends, band=0.95, kind=kind)
        left.fill_between(ends, low, high, color="tab:blue", alpha=shade, linewidth=0, label=label)
    left.plot(ends, at, color="tab:blue")
    left.plot(x, y, "o", markersize=4, color="black")
    left.set(title="A line with its bands", xlabel="x", ylabel="y")
    left.legend()

    x, y, sigma_x, sigma_y, weighted, york = second
    ends = np.array([-0.3, 8.0])
    middle.errorbar(x, y, sigma_y, sigma_x, "o", markersize=4, color="black", linewidth=0.8)
    middle.plot(ends, weighted.predict(ends), "--", color="tab:orange", label="errors in y alone")
    middle.plot(ends, york.predict(ends), color="tab:blue", label="errors in x and y")
    middle.set(title="Pearson's points, York's weights", xlabel="x", ylabel="y")
    middle.legend()

    nu, sigma, sky = third
    right.axhline(0, color="tab:blue")
    right.errorbar(nu, sky.residuals * 1000, sigma * 1000, fmt="o", markersize=4, color="black", linewidth=0.8)
    right.set(
        title=f"The sky less Planck's law at {sky.params['temperature']:.5f} K",
        xlabel="wavenumber in 1/cm",
        ylabel="kJy/sr",
        ylim=(-120, 120),
    )
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
