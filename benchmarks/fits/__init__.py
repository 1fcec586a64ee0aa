"""The benchmarks of fitting: the same fits by minigrad and by its rivals, time and digits side by side."""
