"""The operators' commands: publish again, look into the log and at what was set aside, check every promise.

All of them run beside the serving processes, over either engine, and print no body and no personal data.
"""
