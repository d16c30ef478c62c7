"""Predicts with the version that `git model pull tumor@production --link current` put at ./current.

    python predict.py current

Nothing is checked here: `pull` has compared every byte with the manifest. Unpickling runs code, so load only what
comes from a registry that you trust.
"""

import csv
import os
import pickle
import sys
from pathlib import Path

import numpy as np

# Resolved once: if the link moves on while this runs, scaler and model still belong together.
version = Path(os.path.realpath(sys.argv[1]))
scaler = pickle.loads((version / "scaler.pkl").read_bytes())
model = pickle.loads((version / "model.pkl").read_bytes())

with open(Path(__file__).parent / "holdouts" / "tumor-2.csv", newline="") as file:
    rows = np.array(list(csv.reader(file))[1:6], dtype=float)
for row, probability in zip(rows, model.predict_proba(scaler.transform(rows[:, :30]))[:, 1]):
    print(f"malignant {probability:.4f}   truly {'malignant' if row[30] else 'benign'}")
