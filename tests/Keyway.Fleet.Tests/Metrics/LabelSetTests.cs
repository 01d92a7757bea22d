using Keyway.Fleet.Configuration;

namespace Keyway.Fleet.Metrics;

public sealed class LabelSetTests
{
    [Fact]
    public void There_are_so_many_labels_and_then_one_for_all_others()
    {
        LabelSet labels = new();
        for (int i = 0; i < FleetLimits.Labels; i++) labels.Of($"origin {i}").Should().Be($"origin {i}");
        labels.Of("one more").Should().Be("other");
        labels.Of("origin 7").Should().Be("origin 7");
        labels.Of(null).Should().Be("none");
    }
}
