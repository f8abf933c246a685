"""Every figure that the README claims, each beside a baseline of the same run."""
