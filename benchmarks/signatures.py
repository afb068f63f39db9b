"""Measure the signature engine: detection quality on the development corpus and requests per second per core.

Run `python -m benchmarks.signatures [CORPUS_DIR]`. Quality needs a folder with `all.jsonl` (default
/tmp/bench/detection; its scorer is found at ../shared/bench) and is skipped when absent; speed generates its
own traffic.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha1
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from controlplane.classification import redact_paths, redact_queries
from controlplane.signatures import BatchHits, Engine, RequestParts, request_score, verdict

DEFAULT_CORPUS = Path("/tmp/bench/detection")
SCORER = Path(__file__).resolve().parents[2] / "shared" / "bench" / "detection" / "score.py"
ATTACKS = (
    "1' or '1'='1", "<script>alert(1)</script>", "../../../../etc/passwd", "; cat /etc/passwd", "${jndi:ldap://x/a}",
    "1 and 7533=7533--", "http://169.254.169.254/latest/meta-data/", "{{7*7}}", "<?php system('id');?>",
    "*)(uid=*))(|(uid=*",
)  # fmt: skip


def traffic(rows: int, attack_share: float, seed: int = 7) -> pa.Table:
    """Generated requests: REST paths, ordinary query parameters, ten user agents, a share of attacks in `q`."""
    rnd = random.Random(seed)
    agents = [
        f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{100 + n}.0.0.0 Safari/537.36"
        for n in range(8)
    ]
    agents += ["okhttp/4.12.0", "python-requests/2.31.0"]
    words = [
        "red",
        "blue",
        "garden",
        "lamp",
        "table",
        "chair",
        "winter",
        "summer",
        "phone",
        "cable",
        "berlin",
        "madrid",
        "shoes",
    ]
    records: dict[str, list[str]] = {"method": [], "path": [], "query": [], "user_agent": []}
    for _ in range(rows):
        kind = rnd.random()
        search = f"q={rnd.choice(words)}+{rnd.choice(words)}&page={rnd.randrange(90)}"
        if kind < attack_share:
            search = "q=" + quote(rnd.choice(ATTACKS), safe="")
        elif kind < 0.35:
            search = f"limit={rnd.randrange(100)}&cursor={rnd.getrandbits(96):x}&sort=-created_at"
        elif kind < 0.5:
            search = f"from=2026-{rnd.randrange(1, 12):02d}-01T00%3A00%3A00Z&email=user{rnd.randrange(999)}%40example.com"
        elif kind < 0.75:
            search = ""
        records["method"].append(rnd.choice(("GET", "GET", "POST", "PUT")))
        records["path"].append(
            f"/api/v{rnd.randrange(1, 4)}/customers/{rnd.randrange(10**7)}/orders/{rnd.getrandbits(64):016x}"
        )
        records["query"].append(search)
        records["user_agent"].append(rnd.choice(agents))
    return pa.table({name: pa.array(values, pa.string()) for name, values in records.items()})


def speed(engine: Engine) -> None:
    """Print requests per second per core of the batch path and of the exact path."""
    engine.evaluate_batch(traffic(10, 0.0))
    table = traffic(200_000, 0.02)
    for _ in range(2):
        start = time.process_time()
        batch = engine.evaluate_batch(table)
        spent = time.process_time() - start
    found = len(set(batch.hits["row"].to_pylist()))
    print(f"batch, 2 % attacks: {table.num_rows / spent:,.0f} requests/s/core; exact rules saw "
          f"{batch.evaluated / table.num_rows:.2%} of the rows, {found / table.num_rows:.2%} have hits")  # fmt: skip
    quiet = traffic(200_000, 0.0)
    start = time.process_time()
    engine.evaluate_batch(quiet)
    print(f"batch, no attacks:  {quiet.num_rows / (time.process_time() - start):,.0f} requests/s/core")
    sample = table.slice(0, 5_000).to_pylist()
    start = time.process_time()
    for row in sample:
        engine.evaluate(
            RequestParts(row["method"], row["path"], row["query"], (("User-Agent", row["user_agent"]),))
        )
    print(f"exact path only:    {len(sample) / (time.process_time() - start):,.0f} requests/s/core")


def redaction_speed() -> None:
    """Print rows per second per core of the redaction of paths and queries."""
    table = traffic(200_000, 0.02)
    redact_queries(table["query"].slice(0, 10), b"key")
    for name, redact in (("path", redact_paths), ("query", redact_queries)):
        start = time.process_time()
        _, found = redact(table[name], b"key")
        spent = time.process_time() - start
        touched = sum(1 for kind in found.kinds.to_pylist() if kind)
        print(
            f"redact {name}: {table.num_rows / spent:,.0f} rows/s/core, {touched / table.num_rows:.2%} of them redacted"
        )


def _batch(engine: Engine, rows: list[dict[str, object]]) -> BatchHits:
    columns = ("method", "path", "query", "body")
    data = {name: pa.array([str(row[name]) for row in rows], pa.string()) for name in columns}
    headers = [json.dumps(row["headers"]) for row in rows]
    agents = [next((v for n, v in row["headers"] if n.lower() == "user-agent"), None) for row in rows]  # type: ignore[attr-defined]
    return engine.evaluate_batch(
        pa.table({**data, "headers_json": headers, "user_agent": pa.array(agents, pa.string())})
    )


def quality(engine: Engine, corpus: Path) -> None:
    """Print TPR, FPR and balanced accuracy by half of the corpus (split by id hash), then the scorer's table."""
    rows = [json.loads(line) for line in (corpus / "all.jsonl").open(encoding="utf-8")]
    counts: Counter[tuple[int, str, str]] = Counter()
    lines, verdicts = [], []
    for row in rows:
        headers = tuple((name, value) for name, value in row["headers"])
        hits = engine.evaluate(RequestParts(row["method"], row["path"], row["query"], headers, row["body"]))
        said = verdict(hits)
        verdicts.append(said)
        if row["tier"] in ("gold", "silver"):
            counts[int(sha1(row["id"].encode()).hexdigest(), 16) % 2, row["label"], said] += 1
        lines.append(json.dumps({"id": row["id"], "verdict": said, "score": request_score(hits)}))
    for half, name in ((0, "tuned half"), (1, "held-out half")):
        tpr = counts[half, "attack", "attack"] / max(
            1, sum(counts[half, "attack", v] for v in ("attack", "benign"))
        )
        fpr = counts[half, "benign", "attack"] / max(
            1, sum(counts[half, "benign", v] for v in ("attack", "benign"))
        )
        print(f"{name}: TPR {tpr:.4f} FPR {fpr:.4f} balanced accuracy {(tpr + 1 - fpr) / 2:.4f}")
    scores = _batch(engine, rows).scores.to_pylist()
    kept = sum(1 for said, score in zip(verdicts, scores, strict=True) if said == "attack" and score >= 50)
    print(
        f"batch path keeps {kept / max(1, verdicts.count('attack')):.4f} of the exact path's attack verdicts"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        if SCORER.exists():
            subprocess.run([sys.executable, str(SCORER), file.name, "--corpus", str(corpus)], check=True)


def main() -> None:
    """Run both parts."""
    engine = Engine.load()
    speed(engine)
    redaction_speed()
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_CORPUS
    if (corpus / "all.jsonl").exists():
        quality(engine, corpus)
    else:
        print(f"quality skipped: no corpus at {corpus}")


if __name__ == "__main__":
    main()
