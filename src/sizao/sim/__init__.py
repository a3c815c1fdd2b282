"""A schematic mountain city whose made-up vehicles speak the real protocols, with ground truth."""
