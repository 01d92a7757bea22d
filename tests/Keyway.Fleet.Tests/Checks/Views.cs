using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Checks;

/// <summary>A stream on which everything is as it should be, to be made worse by a test.</summary>
internal static class Views
{
    public static readonly DateTimeOffset Now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static StreamView Good { get; } = new()
    {
        Now = Now,
        Period = TimeSpan.FromSeconds(6),
        Thresholds = new Thresholds(),
        Manifest = new ManifestView
        {
            AskedAt = Now,
            ReadAt = Now,
            IsLive = true,
            UpdatePeriod = TimeSpan.FromSeconds(4),
            SegmentLength = TimeSpan.FromSeconds(4),
            AdvancedAt = Now - TimeSpan.FromSeconds(3),
            ClockAhead = TimeSpan.FromMilliseconds(200),
        },
        Segment = new SegmentView { AskedAt = Now, Rendition = "Video 1", Length = TimeSpan.FromSeconds(4), Took = TimeSpan.FromSeconds(1), Bytes = 1000 },
        Protection = new ProtectionView { IsProtected = true, ComparedAt = Now },
        Keys =
        [
            new KeyView { Name = "key a", AnnouncedAt = Now - TimeSpan.FromMinutes(1), NeededAt = Now - TimeSpan.FromSeconds(30), IsCurrent = true, License = LicenseState.Held, RoundTrip = TimeSpan.FromMilliseconds(80), Expires = Now + TimeSpan.FromHours(1), Decrypt = DecryptOutcome.Clear },
            new KeyView { Name = "key b", AnnouncedAt = Now - TimeSpan.FromMinutes(1), NeededAt = Now + TimeSpan.FromSeconds(30), License = LicenseState.Held, RoundTrip = TimeSpan.FromMilliseconds(80) },
        ],
    };

    /// <summary>Nothing is known yet.</summary>
    public static StreamView Unknown { get; } = new() { Now = Now, Period = TimeSpan.FromSeconds(6), Thresholds = new Thresholds(), Manifest = default, Keys = [] };

    public static StreamView With(this StreamView view, Func<ManifestView, ManifestView> change) => view with { Manifest = change(view.Manifest) };

    public static StreamView With(this StreamView view, Func<SegmentView, SegmentView> change) => view with { Segment = change(view.Segment) };

    public static StreamView With(this StreamView view, Func<ProtectionView, ProtectionView> change) => view with { Protection = change(view.Protection) };

    public static StreamView WithCurrent(this StreamView view, Func<KeyView, KeyView> change) => view with { Keys = [change(view.Keys[0]), view.Keys[1]] };

    public static StreamView WithNext(this StreamView view, Func<KeyView, KeyView> change) => view with { Keys = [view.Keys[0], change(view.Keys[1])] };

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
