"""Strongly connected components (Tarjan), without recursion."""

from collections.abc import Callable, Iterable, Iterator


def components(count: int, neighbours: Callable[[int], Iterable[int]]) -> list[int]:
    """For each node 0 .. count-1 the number of its component: the same for a and b when each reaches the other."""
    label = [-1] * count
    low = [0] * count
    index = [-1] * count
    path: list[int] = []
    clock = found = 0
    for root in range(count):
        if index[root] >= 0:
            continue
        calls: list[tuple[int, Iterator[int]]] = []

        def enter(node: int, calls: list[tuple[int, Iterator[int]]] = calls) -> None:
            nonlocal clock
            index[node] = low[node] = clock
            clock += 1
            path.append(node)
            calls.append((node, iter(neighbours(node))))

        enter(root)
        while calls:
            node, rest = calls[-1]
            for after in rest:
                if index[after] < 0:
                    enter(after)
                    break
                if label[after] < 0:
                    low[node] = min(low[node], index[after])
            else:
                calls.pop()
                if calls:
                    low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
                if low[node] == index[node]:
                    while label[node] < 0:
                        label[path.pop()] = found
                    found += 1
    return label
