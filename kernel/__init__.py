"""What every service stands on: a closed list of modules that name nothing of the domain."""
