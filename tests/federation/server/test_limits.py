from federation.server.limits import Buckets, Rate, household


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


def test_ten_thousand_requests_a_second_get_the_burst_and_the_rate_and_no_more():
    clock = Clock()
    buckets = Buckets(Rate(1.0, 20.0), clock)
    passed = 0
    for _ in range(100_000):  # ten seconds
        passed += buckets.take("device") == 0.0
        clock.now_s += 1e-4
    assert 29 <= passed <= 31


def test_whoever_is_refused_is_told_when_to_come_again():
    clock = Clock()
    buckets = Buckets(Rate(0.5, 1.0), clock)
    assert buckets.take("a") == 0.0
    wait_s = buckets.take("a")
    assert wait_s == 2.0
    clock.now_s += wait_s
    assert buckets.take("a") == 0.0


def test_looking_takes_nothing():
    buckets = Buckets(Rate(1.0, 1.0), Clock())
    assert [buckets.wait_s("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a") == 0.0
    assert buckets.wait_s("a") == 1.0


def test_one_subject_does_not_use_up_anothers():
    buckets = Buckets(Rate(1.0, 1.0), Clock())
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0.0
    assert buckets.take("b") == 0.0


def test_full_buckets_are_forgotten_and_memory_is_bounded():
    clock = Clock()
    buckets = Buckets(Rate(1.0, 5.0), clock, most=100)
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) <= 100
    clock.now_s += 10
    buckets.take("last")
    assert len(buckets) <= 1


def test_a_household_is_one_address_or_one_slash_64():
    assert household("192.0.2.7") == "192.0.2.7"
    assert household("2001:db8:1:2:3:4:5:6") == household("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert household("2001:db8:1:3::9") != household("2001:db8:1:2::9")
    assert household("::ffff:192.0.2.7") == "192.0.2.7"
    assert household("nonsense") == household("")
