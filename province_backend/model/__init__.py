"""The office's rules: cases, their states, asks and requests, and what each step does. Pure; time is an argument."""
