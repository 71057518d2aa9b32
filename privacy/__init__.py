"""Privacy: detection, masking, risk, export, review, publication, verification."""
