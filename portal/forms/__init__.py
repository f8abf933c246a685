"""Forms as the catalogue publishes them: which questions apply, what a person typed, and how it is shown again.

``conditions`` decides what is asked, ``values`` reads what was typed, ``answers`` writes it back for reading,
``questions`` prepares one page of questions for the template.
"""
