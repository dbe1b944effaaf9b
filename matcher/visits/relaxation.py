"""The linear relaxation of a stage, by column generation: a small program that grows by what the prices ask for."""

import numpy as np

from matcher.control import Stop
from matcher.visits.bound import Proof
from matcher.visits.kept import Basis
from matcher.visits.model import Flags, Floats, Ints, Model
from matcher.visits.program import AT_LOW, BASIC, LinearProgram, Optimum
from matcher.visits.running import listen

TOLERANCE = 1e-6
ROUNDING = 4
"""Surplus, in units of 1 / scale, that rounding the prices alone can make."""


class RelaxationFailedError(RuntimeError):
    """The linear program could not be solved though nobody stopped it."""


class Relaxation:
    """A linear program over some columns of the model; others are 0, and lazy rows outside it are not asked for.

    It may outlive a goal: `renew` takes over what was decided in the model since.
    """

    def __init__(self, model: Model, gain: Floats, columns: Ints) -> None:
        self._model = model
        self._gain = gain
        self._program = LinearProgram()
        self._column = np.full(model.columns, -1)
        self._row = np.full(model.rows, -1)
        self._reach = np.zeros(model.rows, dtype=np.int64)
        self._dual = True
        self.left: Basis | None = None
        """Where its first optimum was, that of nudged gains: a problem near this one starts there."""
        self.add(columns)

    @classmethod
    def starting_from(cls, model: Model, gain: Floats, basis: Basis, plan: Ints) -> "Relaxation":
        """Over the columns of a basis, and there: as near to it as what is alive of it allows.

        Equations that have no column there get those of the plan, so that they have a solution.
        """
        alive = model.alive[basis.columns]
        known = basis.columns[alive]
        of = np.concatenate([model.request_of, model.units.request[model.many]])
        missing = model.tight.copy()
        missing[model.entries_of(known)[0]] = False
        row, column, _ = model.entries_of(plan[plan < model.first_extra])
        needed = np.zeros(model.units.requests, dtype=np.bool_)
        needed[of[column[missing[row]]]] = True
        kept = plan[plan < model.first_extra]
        kept = kept[needed[of[kept]]]
        extra = model.first_extra + np.flatnonzero(model.alive[model.first_extra :])
        columns = np.unique(np.concatenate([known, kept, extra]))
        relaxation = cls(model, gain, columns)
        relaxation._admit(basis.rows[relaxation._row[basis.rows] < 0])
        column_status, row_status = (status.copy() for status in relaxation._program.basis)
        column_status[relaxation._column[known]] = basis.column_status[alive]
        row_status[relaxation._row[basis.rows]] = basis.row_status
        relaxation._make_square(column_status, row_status)
        relaxation._program.start_from(column_status, row_status)
        relaxation._dual = not alive.all()
        return relaxation

    def _make_square(self, column_status: Ints, row_status: Ints) -> None:
        """As many basic as there are rows: rows that no basic column stands in first, then any."""
        model, basic = self._model, np.zeros(len(row_status), dtype=np.int64)
        active = np.flatnonzero(self._column >= 0)
        active = active[column_status[self._column[active]] == BASIC]
        row, _, _ = model.entries_of(active)
        np.add.at(basic, self._row[row[self._row[row] >= 0]], 1)
        row_status[(row_status != BASIC) & (basic == 0)] = BASIC
        surplus = int((column_status == BASIC).sum() + (row_status == BASIC).sum()) - len(row_status)
        if surplus < 0:
            row_status[np.flatnonzero(row_status != BASIC)[:-surplus]] = BASIC
        elif surplus > 0:
            column_status[np.flatnonzero(column_status == BASIC)[-surplus:]] = AT_LOW

    @property
    def basis(self) -> Basis:
        """Where the last solve ended."""
        columns, rows = np.flatnonzero(self._column >= 0), np.flatnonzero(self._row >= 0)
        column_status, row_status = self._program.basis
        return Basis(columns, column_status[self._column[columns]], rows, row_status[self._row[rows]])

    @property
    def active(self) -> Flags:
        """Which columns of the model are in the program."""
        taken: Flags = self._column >= 0
        return taken

    def add(self, columns: Ints) -> None:
        """Take these columns in, with every row of theirs that is not lazy."""
        model = self._model
        self._grow()
        fresh = columns[self._column[columns] < 0]
        low = model.fixed_to_one[fresh].astype(np.float64)
        high = np.where(fresh >= model.first_extra, 1.0, np.inf)
        self._column[fresh] = self._program.add_columns(low, high, self._gain[fresh])
        row, column, coefficient = model.entries_of(fresh)
        self._fill(row, column, coefficient)
        np.add.at(self._reach, row, np.maximum(0, coefficient))
        present = np.flatnonzero(np.bincount(row, minlength=model.rows))
        self._admit(present[(self._row[present] < 0) & self._wanted(present)])

    def _grow(self) -> None:
        """Rows that the model got since are not in the program yet; what its columns can reach there is counted."""
        first, model = len(self._row), self._model
        if first == model.rows:
            return
        self._row = np.append(self._row, np.full(model.rows - first, -1))
        self._reach = np.append(self._reach, np.zeros(model.rows - first, dtype=np.int64))
        row, _, coefficient = model.entries_of(np.flatnonzero(self._column >= 0))
        late = row >= first
        np.add.at(self._reach, row[late], np.maximum(0, coefficient[late]))

    def _wanted(self, rows: Ints) -> Flags:
        """Rows to have from the start: equations, a request's one row, and unless lazy what active columns could break.

        Columns have no upper limit of their own but for extra ones: it is the request's row that keeps them at 1.
        """
        model = self._model
        one_a_request = np.isin(rows, model.served_row)
        breakable = ~model.lazy[rows] & (self._reach[rows] > model.limit[rows])
        wanted: Flags = model.tight[rows] | breakable | one_a_request
        return wanted

    def _admit(self, rows: Ints) -> None:
        """Take these rows in, with their entries of active columns."""
        model = self._model
        if not len(rows):
            return
        high = model.limit[rows].astype(np.float64)
        self._row[rows] = self._program.add_rows(np.where(model.tight[rows], high, -np.inf), high)
        row, column, coefficient = model.entries_of(np.flatnonzero(self._column >= 0))
        new = np.zeros(model.rows, dtype=np.bool_)
        new[rows] = True
        inside = new[row]
        self._fill(row[inside], column[inside], coefficient[inside])

    def _fill(self, row: Ints, column: Ints, coefficient: Ints) -> None:
        known = self._row[row] >= 0
        self._program.add_entries(self._row[row[known]], self._column[column[known]], coefficient[known])

    def add_broken_rows(self, values: Floats) -> int:
        """Take in the rows outside the program that these values break; how many there were."""
        model = self._model
        model.separate(np.flatnonzero(values > TOLERANCE))
        self._grow()
        broken = np.flatnonzero((self._row < 0) & (model.activity(values) > model.limit + TOLERANCE))
        self._admit(broken)
        return len(broken)

    def add_elastic(self, rows: Ints, penalty: float) -> None:
        """Take in rows that the model got since; to break one costs `penalty` a unit, so a solution always exists.

        Prices of these rows are at most `penalty`; bounds hold with them as with any prices.
        """
        self._grow()
        self._admit(rows)
        given = self._program.add_columns(np.zeros(len(rows)), np.full(len(rows), np.inf), np.full(len(rows), -penalty))
        self._program.add_entries(self._row[rows], given, np.full(len(rows), -1))

    def renew_limits(self, rows: Ints) -> None:
        """Limits of these rows changed in the model."""
        high = self._model.limit[rows].astype(np.float64)
        order = np.argsort(self._row[rows])
        low = np.where(self._model.tight[rows], high, -np.inf)
        self._program.limit_rows(self._row[rows][order], low[order], high[order])
        self._dual = True

    def renew(self) -> None:
        """Take over what was decided in the model: dead and fixed columns, equations, new columns and rows.

        A solution that keeps these decisions stays one, so the next solve starts from the last basis.
        """
        model = self._model
        self._column = np.append(self._column, np.full(model.columns - len(self._column), -1))
        self._gain = np.append(self._gain, np.zeros(model.columns - len(self._gain)))
        self._grow()
        active = np.flatnonzero(self._column >= 0)
        active = active[np.argsort(self._column[active])]
        low = model.fixed_to_one[active].astype(np.float64)
        most = np.where(active >= model.first_extra, 1.0, np.inf)
        self._program.limit_columns(self._column[active], low, np.where(model.alive[active], most, 0.0))
        rows = np.flatnonzero(self._row >= 0)
        self.renew_limits(rows)
        self._dual = False
        row, _, _ = model.entries_of(active)
        present = np.flatnonzero(np.bincount(row, minlength=model.rows))
        self._admit(present[(self._row[present] < 0) & (self._wanted(present))])

    def set_gain(self, gain: Floats) -> None:
        """Change what the columns gain; the next solve starts where the last one ended."""
        self._gain = gain
        of_column = np.zeros(self._program.columns)
        active = np.flatnonzero(self._column >= 0)
        of_column[self._column[active]] = gain[active]
        self._program.set_gain(of_column)

    def solve(self, stop: Stop) -> Optimum:
        """The optimum over the columns taken in. Raises Stopped when the stop comes first."""
        found = self._program.solve(stop, dual=self._dual)
        if found is None:
            listen(stop)
            raise RelaxationFailedError("the linear program was not solved to its optimum")
        self._dual = False
        values, prices = np.zeros(self._model.columns), np.zeros(self._model.rows)
        active, rows = np.flatnonzero(self._column >= 0), np.flatnonzero(self._row >= 0)
        values[active] = found.values[self._column[active]]
        prices[rows] = found.prices[self._row[rows]]
        return Optimum(values, prices, found.gain)


def columns_asked_for(
    model: Model, proof: Proof, prices: Floats, active: Flags, most: int, least: int = ROUNDING
) -> Ints:
    """Columns that would raise the relaxation's gain: the best `most` candidates of each request, and held columns.

    A request asks when its best unit is worth more than the price that its row has in the program, by more than
    `least` in units of 1 / scale.
    """
    paid = np.zeros(model.units.requests, dtype=np.int64)
    with_row = np.flatnonzero(model.served_row >= 0)
    paid[with_row] = np.rint(prices[model.served_row[with_row]] * proof.scale)
    unit = model.candidates.unit
    surplus = (proof.best - paid)[model.request_of] - proof.if_one[: len(unit)]
    asked = np.flatnonzero((surplus > least) & ~active[: len(unit)])
    asked = asked[np.lexsort((asked, -surplus[asked], model.request_of[asked]))]
    request = model.request_of[asked]
    first = np.searchsorted(request, request)
    chosen = asked[np.arange(len(asked)) - first < most]
    held = np.unique(model.held_column[unit[chosen]])
    return np.concatenate([chosen, held[held >= 0]])
