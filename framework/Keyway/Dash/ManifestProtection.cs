using Keyway.Protection;

namespace Keyway.Dash;

/// <summary>Tells a <see cref="ProtectionMapBuilder"/> what a manifest says. The name of a track is the path of its representation.</summary>
public static class ManifestProtection
{
    /// <summary>Adds what is said about every representation.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The builder.</returns>
    public static ProtectionMapBuilder Add(this ProtectionMapBuilder builder, Manifest manifest) =>
        builder.Add(from period in manifest.Periods from set in period.AdaptationSets from each in set.Representations select each);

    /// <summary>Adds what is said about some representations, the chosen ones say.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="representations">The representations.</param>
    /// <returns>The builder.</returns>
    public static ProtectionMapBuilder Add(this ProtectionMapBuilder builder, IEnumerable<Representation> representations)
    {
        foreach (Representation each in representations)
            foreach (ContentProtection protection in each.ContentProtections) Add(builder, protection, each.Path);
        return builder;
    }

    private static void Add(ProtectionMapBuilder builder, ContentProtection protection, string track)
    {
        ProtectionSource source = new(ProtectionOrigin.Manifest, protection.Path);
        bool isCommon = protection.SchemeIdUri.Equals(ContentProtection.Mp4Protection, StringComparison.OrdinalIgnoreCase);
        if (isCommon || protection.System is not null || protection.DefaultKeyIds.Count > 0)
            builder.Add(new TrackStatement { Track = track, Source = source, Scheme = protection.Scheme, KeyIds = protection.DefaultKeyIds });
        if (protection.System is { } system) builder.Announce(system);
        foreach (PsshElement pssh in protection.Pssh)
            foreach (PsshBox box in pssh.Boxes)
                builder.Add(new HeaderStatement { Box = box, Source = new(ProtectionOrigin.Manifest, pssh.Path), Track = track });

        // A PlayReady object belongs to PlayReady even under an element that names another scheme.
        foreach (ProElement pro in protection.Pro)
            if (pro.Box is { } box)
                builder.Add(new HeaderStatement { Box = box, Source = new(ProtectionOrigin.Manifest, pro.Path), Track = track });
        foreach (LicenseUrlElement url in protection.LicenseUrls)
            if (url.Url is { } address) builder.Add(new LicenseUrlStatement(protection.System, address, new(ProtectionOrigin.Manifest, url.Path)));
    }
}
