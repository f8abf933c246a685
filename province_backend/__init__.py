"""A reference one-stop back office; the office (a participant, H26) is a parameter, 63 of them run in the demo.

Owns: the books of each office (cases, their versions, asks, results, files), in a database per office.
Publishes: change rows, dense per office, which the participant's adapter reads and reports (``events.Office.changes``).
Listens to: deliveries that the participant's adapter hands over (``events.Office.deliver``); no topic of the log.
"""
