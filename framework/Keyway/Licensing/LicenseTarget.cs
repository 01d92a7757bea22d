using Keyway.Licensing.Origins;

namespace Keyway.Licensing;

/// <summary>Where a session's exchanges start, and under which rule.</summary>
/// <param name="Url">The URL before any step has touched it.</param>
/// <param name="Source">Who named it, for people.</param>
/// <param name="Rule">Where the exchange may go from there.</param>
internal sealed record LicenseTarget(Uri Url, string Source, OriginRule Rule)
{
    /// <summary>Chooses the URL: the caller's, then the provider's endpoint, then what content names.</summary>
    /// <exception cref="LicenseServiceException">
    /// Nobody names a URL, or only content does, and there is a provider that does not list it or the challenge would tell it who the device is.
    /// </exception>
    public static LicenseTarget Resolve(Uri? caller, LicenseService service, KeySystemDescriptor system, IReadOnlyList<LicenseUrlHint> content, string? contentHost = null)
    {
        if (service.IsOfContent) return content.Count > 0 ? new LicenseTarget(content[0].Url, content[0].Source, OriginRule.OfContent(service.Name)) : throw Nobody(system);
        OriginRule listed = OriginRule.Listed(service.Name, service.Origins, caller);
        // A step chooses by its own order, when it is known what is asked for; its rule is the same.
        if (service.Chooser is { } chooser)
        {
            return caller is not null || chooser.Serves(system.Name)
                ? new LicenseTarget(caller ?? chooser.StartOf(system.Name, content) ?? throw Nobody(system), $"the provider '{service.Name}'", listed)
                : throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the provider '{service.Name}' does not serve {system.Name} (it serves {string.Join(", ", chooser.KeySystems)})");
        }

        LicenseTarget? target =
            caller is not null ? new LicenseTarget(caller, "the caller", listed) :
            service.Endpoints.TryGetValue(system.Name, out Uri? endpoint) ? new LicenseTarget(endpoint, $"the provider '{service.Name}'", listed) :
            FromContent(service, system, content, contentHost, listed);
        if (target is null) throw Nobody(system);
        target.Rule.Check(target.Url, target.Source);
        return target;
    }

    private static LicenseServiceException Nobody(KeySystemDescriptor system) => new(LicenseErrorKind.LicenseUrlMissing, $"nobody names a licence URL for {system.Name}")
    {
        Advice = $"give a licence URL, or configure Endpoints:{system.Name} of a provider",
    };

    private static LicenseTarget? FromContent(
        LicenseService service, KeySystemDescriptor system, IReadOnlyList<LicenseUrlHint> content, string? contentHost, OriginRule listed)
    {
        if (content.FirstOrDefault(candidate => candidate.Url.IsAbsoluteUri && listed.Trusts(candidate.Url)) is { } known)
            return new LicenseTarget(known.Url, known.Source, listed);
        if (content.Count == 0) return null;
        LicenseUrlHint hint = content.FirstOrDefault(static hint => hint.Url.IsAbsoluteUri && Origin.IsHttp(hint.Url)) ?? content[0];
        // A provider's exchanges meet its list, and so does a challenge that tells who the device is, if only to the server; the list's refusal names both origins.
        OriginRule rule = system.ChallengeIdentifiesDevice || system.IdentifiesDeviceToServer || !service.IsDirect ? listed : OriginRule.Anybody(service.Name, contentHost);
        return new LicenseTarget(hint.Url, hint.Source, rule);
    }
}
