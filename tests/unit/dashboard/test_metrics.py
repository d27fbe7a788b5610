"""What Prometheus reads is what was said."""

from prometheus_client.parser import text_string_to_metric_families

from undercurrent.dashboard.metrics import Metric, exposition


def test_metrics_are_read_back() -> None:
    hostile = 'a"} 1\nevil{x="\\'
    metrics = [
        Metric("undercurrent_images", "Images\nthat \\ are known.", (({}, 7.0),)),
        Metric("undercurrent_window_end", "Days.", (({"window": hostile, "action": ""}, -334.0),)),
        Metric("undercurrent_nothing", "Nothing is known of it.", ()),
    ]
    families = {family.name: family for family in text_string_to_metric_families(exposition(metrics))}

    assert set(families) == {"undercurrent_images", "undercurrent_window_end"}
    assert families["undercurrent_images"].documentation == "Images\nthat \\ are known."
    assert [(one.labels, one.value) for one in families["undercurrent_images"].samples] == [({}, 7.0)]
    (sample,) = families["undercurrent_window_end"].samples
    assert (sample.labels, sample.value) == ({"window": hostile, "action": ""}, -334.0)
    assert {family.type for family in families.values()} == {"gauge"}
