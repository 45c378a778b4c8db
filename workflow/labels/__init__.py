"""Reads datasets as people have them (YOLO, COCO, Pascal VOC, and what annotation tools write) into one form.

``recognition.open_source`` says what a folder holds; ``source`` is the form. Imports the standard library, PyYAML and
the two parsers of foreign formats alone, so that the command line may look at a dataset before it is uploaded.
"""
