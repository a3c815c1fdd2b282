"""The ledger of hazards: found, assigned, protected, rectified, accepted by another, gone."""
