"""Who buys with whom, categories, delivery windows, states of an order."""

from __future__ import annotations

import anytree
import networkx
from intervaltree import IntervalTree
from transitions.extensions import HierarchicalMachine


class Circle:
    """Customers who buy together."""

    def __init__(self):
        self.graph = networkx.Graph()

    def buy(self, *customers):
        networkx.add_path(self.graph, customers)
        return self

    def closeness(self):
        strangers = [node for node, degree in self.graph.degree() if degree == 0]
        self.graph.remove_nodes_from(strangers)
        return networkx.average_clustering(self.graph)


def circle_of_bytes(content):
    return networkx.from_graph6_bytes(content.strip()).number_of_nodes()


def circle_of_text(text):
    return networkx.parse_pajek(text).number_of_edges()


def categories_of(tree):
    return sorted(networkx.tree_graph(tree).nodes)


def way_between(root, names):
    found = [anytree.find(root, lambda node, name=name: node.name == name) for name in names]
    return anytree.Walker().walk(*found)


def windows_at(windows, moment):
    tree = IntervalTree.from_tuples(windows)
    return sorted(window.data for window in tree[moment])


class Order:
    states = ["new", {"name": "paid", "children": ["partly", "fully"], "initial": "partly"}, "sent"]

    def __init__(self, initial):
        self.machine = HierarchicalMachine(self, states=self.states, initial="new", auto_transitions=False)
        self.machine.add_transition("pay", "new", initial)
        self.machine.add_transition("send", "paid", "sent")
