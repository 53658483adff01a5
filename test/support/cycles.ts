/** The cycles of a graph: each group of nodes that reach one another, or a node that points at itself, sorted. */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const reachable = new Map(Array.from(graph.keys(), (node) => [node, reachableFrom(graph, node)]));
  const cycles = new Map<string, string[]>();
  for (const [node, nodes] of reachable) {
    if (!nodes.has(node)) continue;
    const cycle = Array.from(nodes)
      .filter((other) => reachable.get(other)?.has(node))
      .toSorted();
    cycles.set(cycle.join(), cycle);
  }
  return Array.from(cycles.values());
}

function reachableFrom(graph: ReadonlyMap<string, readonly string[]>, start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [start];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const next of graph.get(node) ?? []) {
      if (!found.has(next)) waiting.push(next);
      found.add(next);
    }
  }
  return found;
}
