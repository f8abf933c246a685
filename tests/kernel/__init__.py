"""Contract suites of the kernel."""
