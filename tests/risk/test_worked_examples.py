"""Published and derived figures, each within its tolerance; the file named holds the source."""

from __future__ import annotations

import ast
from math import log
from pathlib import Path

import numpy as np
import pytest
from pyarrow import csv

from sizao.risk import black_spots, capture, effects, hsm_rural, measures, negbin, windows
from sizao.risk.black_spots import Spot, SpotCrash
from sizao.risk.consistency import consistency
from sizao.risk.network_kde import network_kde
from sizao.risk.posterior import eb_weight, empirical_bayes
from sizao.risk.severity import CostSet, cost_sets, weights_from_costs
from sizao.risk.windows import Window, best_passing, cuts

from .worlds import SHARED, data, example


def test_hauer_2002_example_1() -> None:
    """Hauer, Harwood, Council and Griffith (2002), TRR 1784, example 1 (hauer2002-ex1.json)."""
    case = example("hauer2002-ex1")
    given, expected = case["inputs"], case["expected"]
    mu_km = 0.0224 * given["adt"] ** 0.564
    mu, k = mu_km * given["length_km"], 1 / (given["phi_per_km"] * given["length_km"])
    found = empirical_bayes(np.array([mu]), k, np.array([float(sum(given["observed"]))]))
    near = {"abs": case["tolerance"]["abs"]}
    assert mu_km == pytest.approx(expected["mu_per_km_yr"], **near)
    assert eb_weight(np.array([mu]), k)[0] == pytest.approx(expected["weight"], **near)
    per_km = found.mean[0] / given["length_km"]
    assert per_km == pytest.approx(expected["expected_per_km_yr"], **near)
    sd = found.variance[0] ** 0.5 / given["length_km"]
    assert sd == pytest.approx(expected["sd_per_km_yr"], **near)


def test_hauer_2002_example_2() -> None:
    """The same paper, example 2, three years (hauer2002-ex2.json)."""
    case = example("hauer2002-ex2")
    given, expected = case["inputs"], case["expected"]
    years, length = given["years"], given["length_km"]
    mu = 0.0224 * given["adt"] ** 0.564 * length * years
    k = 1 / (given["phi_per_km"] * length)
    found = empirical_bayes(np.array([mu]), k, np.array([float(sum(given["observed"]))]))
    near = {"abs": case["tolerance"]["abs"]}
    assert eb_weight(np.array([mu]), k)[0] == pytest.approx(expected["weight"], **near)
    assert found.mean[0] / years == pytest.approx(expected["expected_per_yr"], **near)
    assert found.variance[0] ** 0.5 / years == pytest.approx(expected["sd_per_yr"], **near)
    assert found.mean[0] / years / length == pytest.approx(expected["expected_per_km_yr"], **near)


def test_hsm_10_sample_problem_1() -> None:
    """HSM 2010, chapter 10, sample problem 1, recalled (hsm-10-sp1.json)."""
    case = example("hsm-10-sp1")
    given, expected = case["inputs"], case["expected"]
    base = hsm_rural.base_segment(given["aadt"], given["length_mi"])
    cmfs = {
        "lane": hsm_rural.related_only(1.30, given["p_ra"]),
        "shoulder": hsm_rural.related_only(1.15 * 1.01, given["p_ra"]),
        "grade": 1.0,
        "driveway": hsm_rural.driveways(given["driveways_per_mi"], given["aadt"]),
        "rhr": hsm_rural.roadside(given["rhr"]),
    }
    near = case["tolerance"]["abs"]
    assert base == pytest.approx(expected["n_spf"], abs=near)
    for name, value in cmfs.items():
        assert value == pytest.approx(given["cmf"][name], abs=near)
    found = hsm_rural.predicted(base, cmfs.values(), given["calibration"])
    assert found == pytest.approx(expected["n_predicted"], abs=near)


def test_hsm_10_sample_problem_2() -> None:
    """HSM 2010, chapter 10, sample problem 2, recalled (hsm-10-sp2.json)."""
    case = example("hsm-10-sp2")
    given, expected = case["inputs"], case["expected"]
    base = hsm_rural.base_segment(given["aadt"], given["length_mi"])
    curve = hsm_rural.curve(given["length_mi"], given["radius_ft"], given["spiral"])
    near = case["tolerance"]["abs"]
    assert base == pytest.approx(expected["n_spf"], abs=near)
    assert curve == pytest.approx(expected["cmf_curve"], abs=near)
    assert hsm_rural.roadside(given["rhr"]) == pytest.approx(given["cmf"]["rhr"], abs=near)
    cmfs = given["cmf"] | {"curve": curve}
    found = hsm_rural.predicted(base, cmfs.values(), given["calibration"])
    assert found == pytest.approx(expected["n_predicted"], abs=near)


def test_hsm_10_sample_problem_5() -> None:
    """HSM 2010, chapter 10, sample problem 5, site-specific EB, recalled (hsm-10-sp5.json)."""
    case = example("hsm-10-sp5")
    sites = case["inputs"]["sites"]
    mu, y, k = (
        np.array([site[name] for site in sites], np.float64)
        for name in ("predicted", "observed", "k")
    )
    found = empirical_bayes(mu, k, y)
    near = case["tolerance"]["abs"]
    for site, w, mean in zip(case["expected"]["sites"], eb_weight(mu, k), found.mean, strict=True):
        assert w == pytest.approx(site["w"], abs=near)
        assert mean == pytest.approx(site["expected"], abs=near)
    assert found.mean.sum() == pytest.approx(case["expected"]["total"], abs=near)


def test_hsm_9_10_before_after() -> None:
    """HSM 2010, 9.10, 13 sites with passing lanes (hsm-9.10-eb-before-after.json)."""
    case = example("hsm-9.10-eb-before-after")
    given, expected = case["inputs"], case["expected"]
    sites = given["sites"]
    length, before, after = (
        np.array([site[name] for site in sites])
        for name in ("length_mi", "aadt_before", "aadt_after")
    )
    spf = np.array([hsm_rural.base_segment(1.0, mile) for mile in length])
    found = effects.eb_before_after(
        spf * before * given["years_before"],
        spf * after * given["years_after"],
        np.array([hsm_rural.segment_k(mile) for mile in length]),
        np.array([float(sum(site["before"])) for site in sites]),
        np.array([float(sum(site["after"])) for site in sites]),
    )
    near = case["tolerance"]["abs"]
    assert found.observed_after == expected["observed_after"]
    assert found.expected_after == pytest.approx(expected["expected_after"], abs=near)
    assert found.variance == pytest.approx(expected["var_expected_after"], abs=near)
    assert found.biased == pytest.approx(expected["or_biased"], abs=near)
    assert found.ratio == pytest.approx(expected["or_unbiased"], abs=near)
    assert 100 * found.effectiveness == pytest.approx(expected["effectiveness_pct"], abs=near)
    percent = {name: 100 * value for name, value in effects.other_standard_errors(found).items()}
    assert percent["hauer"] == pytest.approx(expected["se_effectiveness_pct_hauer"], abs=near)
    assert 100 * found.standard_error == pytest.approx(percent["hauer"])
    assert percent["single_denominator"] == pytest.approx(
        expected["se_effectiveness_pct_single_denominator"], abs=near
    )
    assert percent["second_term_only"] == pytest.approx(
        expected["se_effectiveness_pct_checked_package"], abs=near
    )
    assert found.significant is expected["significant_95"]
    for site, mean, variance in zip(
        expected["per_site"], found.sites_expected_after, found.sites_variance, strict=True
    ):
        assert mean == pytest.approx(site["exp_after"], abs=near)
        assert variance == pytest.approx(site["var"], abs=near)


def test_critical_rate_with_severity_weights() -> None:
    """Garber and Hoel, a text-book problem (critical-rate-epdo.json)."""
    case = example("critical-rate-epdo")
    given, expected = case["inputs"], case["expected"]
    exposure = measures.vehicle_distance(
        np.array([given["aadt"]]), given["length_mi"], given["years"], unit=1e8
    )
    weighing = CostSet(
        "", "", "", {k.replace("pdo", "property"): v for k, v in given["weights"].items()}, {}, ""
    )
    crashes = weighing.score(*(np.array([given[k]]) for k in ("fatal", "injury", "pdo")))
    mean = weighing.score(
        *(np.array([given["avg_per_100MVMT"][k]]) for k in ("fatal", "injury", "pdo"))
    )
    critical = measures.critical_rate(mean, exposure, given["z"])
    near = {"rel": case["tolerance"]["rel"]}
    assert exposure[0] == pytest.approx(expected["exposure_100MVMT"], **near)
    assert (crashes / exposure)[0] == pytest.approx(expected["site_rate"], **near)
    assert critical[0] == pytest.approx(expected["critical_rate"], **near)
    assert (crashes / exposure / critical)[0] == pytest.approx(expected["ratio"], **near)
    assert bool(crashes / exposure > critical) is expected["hazardous"]


def test_epdo_weights() -> None:
    """HSM 2010, chapter 4, EPDO, recalled (epdo-weights.json)."""
    case = example("epdo-weights")
    costs = {k.replace("pdo", "property"): v for k, v in case["inputs"]["costs"].items()}
    weights = weights_from_costs(costs)
    expected = case["expected"]["weights"]
    assert weights == {k.replace("pdo", "property"): v for k, v in expected.items()}
    assert weights == cost_sets()["hsm_2010"].weights
    for site in case["inputs"]["sites"]:
        score = cost_sets()["hsm_2010"].score(site["fatal"], site["injury"], site["pdo"])
        assert score == case["expected"]["scores"][str(site["id"])]


def test_screening_20_junctions_by_critical_rate() -> None:
    """Patterned on HSM 2010, chapter 4 (screen-20-intersections-rate.json)."""
    case = example("screen-20-intersections-rate")
    sites, years = case["inputs"]["sites"], case["inputs"]["years"]
    mev = measures.million_entering(
        np.array([site["aadt_major"] + site["aadt_minor"] for site in sites]), years
    )
    crashes = np.array([float(sum(site["crashes"])) for site in sites])
    kind = np.array([site["type"] for site in sites])
    near = case["tolerance"]["abs"]
    for i, expected in enumerate(case["expected"]["sites"]):
        same = kind == kind[i]
        mean = measures.reference_rate(crashes[same], mev[same])
        critical = float(measures.critical_rate(mean, mev[i], case["inputs"]["z"]))
        assert mev[i] == pytest.approx(expected["mev"], abs=near)
        assert crashes[i] / mev[i] == pytest.approx(expected["rate"], abs=near)
        assert critical == pytest.approx(expected["critical"], abs=near)
        assert bool(crashes[i] / mev[i] > critical) is expected["flag"]


def test_peak_search() -> None:
    """HSM 2010, 4.2, and SafetyAnalyst, recalled (peak-search-iterations.json)."""
    case = example("peak-search-iterations")
    given = case["inputs"]
    turns = [
        [Window(w["start"], w["end"], w["expected"], w["cv"]) for w in given[name]]
        for name in ("iteration1", "iteration2")
    ]
    assert cuts(given["segment_mi"], 0.1, 0.1) == [(w.start, w.end) for w in turns[0]]
    assert cuts(given["segment_mi"], 0.2, 0.1) == [(w.start, w.end) for w in turns[1]]
    assert best_passing(turns[0], 0.20) is best_passing(turns[1], 0.20) is None
    assert best_passing(turns[0], 0.25) is None
    found = best_passing(turns[1], 0.25)
    expected = case["expected"]["limit_0_25"]["iteration2"]
    assert found is not None
    assert [found.start, found.end] == expected["window"]
    assert found.expected == expected["expected"]
    table = {(w.start, w.end): (w.expected, w.cv) for turn in turns for w in turn}
    peak = windows.peak_search(given["segment_mi"], lambda a, b: table[a, b], limit=0.25)
    assert peak == found


def test_consistency() -> None:
    """Cheng and Washington (2008), numbers derived (hsid-consistency.json)."""
    case = example("hsid-consistency")
    periods = [np.array(case["inputs"][name], np.float64) for name in ("period1", "period2")]
    found = consistency(periods, periods, case["inputs"]["top"])
    assert {"SCT": found.sct, "MCT": found.mct, "TRD": found.trd} == case["expected"]


def test_pai_and_pei() -> None:
    """Chainey, Tompson and Uhlig (2008); Hunt (2016), numbers derived (pai-pei.json)."""
    case = example("pai-pei")
    given, expected = case["inputs"], case["expected"]
    score, crashes, length = (
        np.array(given[name], np.float64) for name in ("score", "crashes", "length_km")
    )
    chosen = capture.greedy(score, length, given["budget_km"])
    near = case["tolerance"]["abs"]
    assert chosen.tolist() == expected["selected"]
    assert crashes[chosen].sum() / crashes.sum() == pytest.approx(expected["hit_rate"], abs=near)
    found = capture.pai(chosen, length, crashes)
    assert found == pytest.approx(expected["pai"], abs=near)
    best = capture.best_crashes(length, crashes, given["budget_km"])
    assert best == expected["optimum_crashes"]
    assert crashes[chosen].sum() / best == pytest.approx(expected["pei"], abs=near)


def test_network_kde_on_a_line() -> None:
    """Okabe, Satoh and Sugihara (2009), quartic kernel, derived (nkde-line.json)."""
    case = example("nkde-line")
    given, expected = case["inputs"], case["expected"]
    found = network_kde(
        np.array([0]),
        np.array([1]),
        np.array([400.0]),
        np.array([0]),
        np.array([200.0]),
        bandwidth_m=given["bandwidth_m"],
        lixel_m=0.1,
    )
    near = {"rel": case["tolerance"]["rel"]}
    for distance, density in zip(
        given["sample_distance_m"], expected["density_per_m"], strict=True
    ):
        lixel = int((200 + distance) / 0.1)
        # The mean of the two lixels that meet at the sample point. The figures are printed with
        # seven decimals: half a unit of the last is more than the tolerance at the smallest.
        mean = found.per_m[lixel - 1 : lixel + 1].mean()
        assert mean == pytest.approx(density, **near, abs=5e-8)
    assert found.mass.sum() == pytest.approx(expected["integral"], **near)


def test_spf_of_washington() -> None:
    """HSIS Washington, fitted by statsmodels when the example was made (nb-spf-wa-2.json)."""
    case = example("nb-spf-wa-2")
    table = csv.read_csv(data("hsis-wa-rural2lane") / "washington_roads.csv")
    y = table["Total_crashes"].to_numpy().astype(np.float64)
    x = np.column_stack(
        (np.ones(len(y)), np.log(table["AADT"].to_numpy()), np.log(table["Length"].to_numpy()))
    )
    found = negbin.fit(x, y)
    near = {"rel": case["tolerance"]["rel"]}
    params = case["expected"]["params"]
    assert found.coefficients[0] == pytest.approx(params["const"], **near)
    assert found.coefficients[1] == pytest.approx(params["lnaadt"], **near)
    assert found.coefficients[2] == pytest.approx(params["lnlength"], **near)
    assert found.k == pytest.approx(params["alpha"], **near)
    assert found.loglik == pytest.approx(case["expected"]["loglik"], **near)
    assert found.converged
    assert found.likelihood_ratio > 2.71
    assert log(found.k) < 0


def test_city_black_spot_rule() -> None:
    """A municipal notice of 2008, fsou.net lar/170365/17036578 (cn-city-blackspot-rule.json)."""
    case = example("cn-city-blackspot-rule")
    rule = black_spots.rules()["blackspot.city_level"]
    listed = []
    for raw in case["inputs"]["spots"]:
        spot = Spot(
            [SpotCrash(**crash) for crash in raw["crashes"]],
            raw.get("road_defect", False),
            raw.get("repeated_pattern", False),
        )
        if black_spots.why_listed(spot, rule):
            listed.append(raw["id"])
    assert listed == case["expected"]["listed"]
    assert rule.certainty == "found"


def test_every_shared_example_has_a_test_that_names_its_source() -> None:
    """An example added to the folder, or a test of one that is gone, is found here."""
    folder = SHARED / "worked-examples"
    if not folder.is_dir():
        pytest.skip("the worked examples are not beside this checkout")
    named: dict[str, str] = {}
    for node in ast.parse(Path(__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "example":
                    (name,) = call.args
                    assert isinstance(name, ast.Constant)
                    named[str(name.value)] = ast.get_docstring(node) or ""
    assert set(named) == {path.stem for path in folder.iterdir()}
    for name, words in named.items():
        assert f"({name}.json)" in words, "the docstring says where the figures are from"
        assert len(words) > len(name) + 20
