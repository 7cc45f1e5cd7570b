"""What was counted while clients wrote: one row for each kill in each operation."""

import time


class Row:
    def __init__(self, operation, killed, seen):
        self.operation, self.killed = operation, killed
        self.began = self.ended = seen

    def acknowledged(self, index=None):
        """Documents, of one index or of all."""
        indices = self.began["acknowledged"] if index is None else [index]
        return sum(self.ended["acknowledged"][each] - self.began["acknowledged"][each] for each in indices)

    def refused(self):
        return sum(self.ended["failed"].values()) - sum(self.began["failed"].values())

    def red_seconds(self, index):
        return self.ended["red"][index] - self.began["red"][index]

    def seconds(self):
        return self.ended["time"] - self.began["time"]


class WriteCounts:
    """`writers` by the names of their indices, and a watch on the health. What comes after the last operation is in no row."""

    def __init__(self, writers, watch):
        self.writers, self.watch = writers, watch
        self.rows = []
        self._open = None

    def _seen(self):
        return {"time": time.monotonic(),
                "acknowledged": {index: writer.acknowledged for index, writer in self.writers.items()},
                "failed": {index: writer.failed for index, writer in self.writers.items()},
                "red": {index: self.watch.red_seconds.get(index, 0) for index in self.writers}}

    def begin(self, operation, killed):
        """Closes the row before it."""
        self.close()
        self._open = Row(operation, killed, self._seen())
        self.rows.append(self._open)

    def acknowledged(self):
        """Documents, in the row that is open."""
        return sum(writer.acknowledged - self._open.began["acknowledged"][index] for index, writer in self.writers.items())

    def end(self):
        """Once the watch has seen the health anew: what it saw last belongs to this row."""
        if self._open is not None:
            self.watch.look_anew()
            self.close()

    def close(self):
        """At once."""
        if self._open is not None:
            self._open.ended = self._seen()
            self._open = None

    def red_seconds(self, index, besides):
        """In all the time but for what these kinds of kills took."""
        within = sum(row.red_seconds(index) for row in self.rows if row.killed in besides)
        return round(self.watch.red_seconds.get(index, 0) - within, 3)

    def missing(self, address):
        """By index, acknowledged documents that are not there, in whatever row."""
        return {index: writer.missing(address) for index, writer in self.writers.items()}

    def _missing_of(self, row, address):
        try:
            return str(sum(len(writer.missing(address, row.began["acknowledged"][index], row.ended["acknowledged"][index]))
                           for index, writer in self.writers.items()))
        except (OSError, ValueError, KeyError):
            return "unknown"  # nobody answers

    def print(self, address):
        """A document counts as missing in the row in which it was acknowledged."""
        self.close()
        print(f"{'operation':<16}{'killed':<16}{'acknowledged':>14}{'refused':>9}{'missing':>9}"
              + "".join(f"{'red s ' + index:>18}" for index in self.writers) + f"{'seconds':>9}")
        for row in self.rows:
            print(f"{row.operation:<16}{row.killed:<16}{row.acknowledged():>14}{row.refused():>9}"
                  f"{self._missing_of(row, address):>9}"
                  + "".join(f"{row.red_seconds(index):>18.1f}" for index in self.writers) + f"{row.seconds():>9.1f}", flush=True)
