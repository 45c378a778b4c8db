"""What others would prepare a dataset with. Each is a program ``whole|checks DATASET OUTPUT`` in its own environment.

``whole`` is the whole job that the library offers, as its documentation shows it. ``checks`` is what all can do: every
label is read and judged, every picture decoded. The last line of output holds the seconds without imports.
"""
