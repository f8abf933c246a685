"""Back-ups of the nation (and, in the demo, of its provinces), and what has to be done after one is put back.

Everything of a back-up is as of one instant, taken while the portal serves. The event log of the embedded form is
part of it; Kafka is not: after a restore its topics are made anew and every copy is rebuilt from its owner.
"""
