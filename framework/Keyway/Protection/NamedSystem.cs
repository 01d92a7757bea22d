namespace Keyway.Protection;

/// <summary>Protection systems as manifests name them: <c>schemeIdUri</c> of DASH, <c>KEYFORMAT</c> of HLS, and the key-system names of EME, which stand in both.</summary>
internal static class NamedSystem
{
    private const string Urn = "urn:uuid:";

    /// <summary>The system of a name; <see langword="null"/>: it names none that is known.</summary>
    public static SystemId? Find(string name)
    {
        switch (name.ToLowerInvariant())
        {
            case "org.w3.clearkey":
                return SystemIds.ClearKeyDashIf;
            case "com.widevine" or "com.widevine.alpha":
                return SystemIds.Widevine;
            case "com.microsoft.playready" or "com.microsoft.playready.recommendation":
                return SystemIds.PlayReady;
            case "com.apple.fps" or "com.apple.fps.1_0" or "com.apple.streamingkeydelivery":
                return SystemIds.FairPlay;
            default:
                return name.StartsWith(Urn, StringComparison.OrdinalIgnoreCase) && Guid.TryParse(name.AsSpan(Urn.Length), out Guid id) ? new SystemId(id) : null;
        }
    }
}
