"""Returns as machines get them: every amount, share and ratio as text, so that nothing makes a float of it."""

from typing import Any

from undercurrent.planning.catalogue import Benefit
from undercurrent.planning.money import exact, exact_if_known
from undercurrent.planning.roi import Line, Return, Scenario
from undercurrent.planning.uncertainty import Sensitivity, Simulation
from undercurrent.planning.valuing import Part
from undercurrent.report.cataloguedata import label_data
from undercurrent.workflows.returns import Planned, Study

__all__ = ["planned_data", "return_data", "sensitivity_data", "simulation_data", "study_data"]


def planned_data(planned: Planned, study: Study | None) -> dict[str, Any]:
    """A return, what it was made from, and all sides of it."""
    coverage = planned.coverage
    return {
        "catalogue": planned.catalogue.id,
        **return_data(planned.result),
        "evidence": None
        if coverage is None
        else {
            "records": coverage.records,
            "newest": coverage.newest.isoformat() if coverage.newest else None,
        },
        "full": None if study is None else study_data(study),
    }


def return_data(result: Return) -> dict[str, Any]:
    """The short sum, and what it is made of."""
    return {
        "currency": result.currency,
        "monthly": exact(result.monthly),
        "once": exact(result.once),
        "cost": exact(result.cost),
        "yearly": exact(result.yearly),
        "ratio": exact_if_known(result.ratio),
        "percent": exact_if_known(result.percent),
        "actions": [_line(line) for line in result.lines],
        "portfolio": {
            "monthly": exact(result.portfolio.monthly),
            "benefits": list(map(_benefit, result.portfolio.benefits)),
        },
    }


def study_data(study: Study) -> dict[str, Any]:
    """All sides of a return."""
    full = study.full
    return {
        "day_rate": exact(full.terms.day_rate),
        "discount_rate": exact(full.terms.discount_rate),
        "years": full.terms.years,
        "days": exact(full.days),
        "labour": exact(full.labour),
        "effort_unknown": [action.id for action in full.unknown],
        "expected_losses": exact(full.losses),
        "scenarios": list(map(_scenario, full.scenarios)),
        "npv_likely": exact(study.likely),
        "sensitivities": list(map(sensitivity_data, study.sensitivities)),
        "simulation": simulation_data(study.simulation),
        "simulation_without_portfolio": None if study.bare is None else simulation_data(study.bare),
    }


def sensitivity_data(one: Sensitivity) -> dict[str, Any]:
    """What one input does."""
    return {
        "input": one.input.id,
        "kind": str(one.input.kind),
        "subject": label_data(one.input.subject),
        "once": one.input.once,
        "low": exact(one.input.low),
        "likely": exact(one.input.likely),
        "high": exact(one.input.high),
        "npv_low": exact(one.low),
        "npv_high": exact(one.high),
    }


def simulation_data(simulation: Simulation) -> dict[str, Any]:
    """What all inputs do at once."""
    return {
        "seed": simulation.seed,
        "runs": simulation.runs,
        "p5": exact(simulation.p5),
        "p50": exact(simulation.p50),
        "p95": exact(simulation.p95),
        "loss": exact(simulation.loss),
    }


def _line(line: Line) -> dict[str, Any]:
    action = line.action
    return {
        "id": action.id,
        "number": action.number,
        "name": label_data(action.name),
        "monthly": exact(action.monthly),
        "once": exact(action.once),
        "days": exact_if_known(action.days),
        "yearly": exact(line.yearly),
        "basis": str(line.basis),
        "counted": line.shown is None,
        "shown": label_data(line.shown),
        "missing": list(line.missing),
        "benefits": list(map(_benefit, line.benefits)),
        "measured": None if line.worth is None else list(map(_part, line.worth.parts)),
    }


def _benefit(benefit: Benefit) -> dict[str, Any]:
    return {
        "id": benefit.id,
        "name": label_data(benefit.name),
        "yearly": exact(benefit.yearly),
        "basis": str(benefit.basis),
    }


def _part(part: Part) -> dict[str, Any]:
    share = part.share
    return {
        "measure": str(share.measure),
        "done": share.done,
        "of": share.of,
        "yearly": exact(part.yearly),
        "as_of": share.as_of.isoformat() if share.as_of else None,
        "records": list(share.records),
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "view": str(scenario.view),
        "yearly": exact(scenario.yearly),
        "monthly": exact(scenario.monthly),
        "outlay": exact(scenario.outlay),
        "cost": exact(scenario.cost),
        "net": exact(scenario.net),
        "ratio": exact_if_known(scenario.ratio),
        "percent": exact_if_known(scenario.percent),
        "payback_months": scenario.payback_months,
        "npv": exact(scenario.npv),
    }
