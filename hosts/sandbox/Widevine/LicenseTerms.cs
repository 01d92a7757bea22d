using Keyway.Sandbox.Widevine.Wire;

namespace Keyway.Sandbox.Widevine;

/// <summary>Under which terms a licence is issued. Parameters are called as the fields that they become.</summary>
internal sealed class LicenseTerms
{
    /// <summary>What the front page says about them.</summary>
    public const string Help = """
        Terms of a licence, as parameters of its address or of --widevine. A renewal keeps those of its licence and adds its own.
          can_play=1  can_persist=  can_renew=   when not given: persist as the request asks, renew when any renewal parameter is given
          license_duration_seconds=  rental_duration_seconds=  playback_duration_seconds=  play_start_grace_period_seconds=
          soft_enforce_rental_duration=  soft_enforce_playback_duration=
          renewal_delay_seconds=  renewal_retry_interval_seconds=  renewal_recovery_duration_seconds=  renewal_server_url=
          renew_with_usage=  always_include_client_id=
          protection_scheme=cenc|cbc1|cens|cbcs  as the PSSH says, when not given
          keys=all or KID,KID                    these keys, whatever the request asks for
          track_labels=0                         no labels on keys
          entitlement_key_size_bytes=16          of entitlement keys; otherwise 32
          renewal_keys=1                         a renewal that brings its client brings the keys anew, under a new session key
        Terms of its keys; with .LABEL behind the name, of the keys of that label alone.
          level=1…5
          hdcp=NONE|V1|V2|V2_1|V2_2|V2_3|NO_DIGITAL_OUTPUT   requested_hdcp= (advisory)
          cgms_flags=COPY_FREE|COPY_ONCE|COPY_NEVER|CGMS_NONE   disable_analog_output=1  disable_digital_output=1  hdcp_srm_rule=1
          video_resolution_constraints=MIN-MAX:HDCP,…        pixels; the HDCP level may be left out
        """;

    private readonly SortedDictionary<string, string> _pairs = new(StringComparer.Ordinal);

    /// <summary>The terms in which the protocol has a policy. Fields that were not asked for are absent.</summary>
    public Policy Policy { get; } = new();

    /// <summary>Which keys: <c>all</c>, identifiers, or nothing when the request says.</summary>
    public string Keys { get; private set; } = "";

    /// <summary>Whether keys bear their labels.</summary>
    public bool HasLabels { get; private set; } = true;

    /// <summary>The scheme to name, or <see langword="null"/>: the one of the request.</summary>
    public uint? Scheme { get; private set; }

    /// <summary>How long entitlement keys are.</summary>
    public int EntitlementKeySize { get; private set; } = 32;

    /// <summary>Whether renewals bring keys.</summary>
    public bool RenewalKeys { get; private set; }

    /// <summary>Reads terms.</summary>
    /// <param name="sources">Where to read them. What a later one says counts.</param>
    /// <returns>The terms.</returns>
    /// <exception cref="FormatException">There is no such parameter, or no such value.</exception>
    public static LicenseTerms Read(params IEnumerable<IEnumerable<KeyValuePair<string, string>>> sources)
    {
        LicenseTerms terms = new();
        foreach ((string name, string value) in sources.SelectMany(pairs => pairs)) terms._pairs[name] = value;
        foreach ((string name, string value) in terms._pairs)
            if (!terms.TrySet(name, value)) throw new FormatException($"There is no parameter '{name}'. GET / lists them.");
        return terms;
    }

    /// <summary>The parameters, for a renewal.</summary>
    /// <returns>Names and values.</returns>
    public IReadOnlyCollection<KeyValuePair<string, string>> ToPairs() => _pairs;

    /// <summary>Puts the terms of its keys on a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="label">Its label.</param>
    public void Apply(KeyContainer key, string label)
    {
        OutputProtection required = new(), requested = new();
        foreach ((string name, string value) in _pairs)
            if (!name.Contains('.', StringComparison.Ordinal)) KeyTerms.TrySet(name, value, key, required, requested);
        foreach ((string name, string value) in _pairs)
            if (name.Split('.', 2) is [string plain, string of] && of == label) KeyTerms.TrySet(plain, value, key, required, requested);
        if (required.CalculateSize() > 0) key.RequiredProtection = required;
        if (requested.CalculateSize() > 0) key.RequestedProtection = requested;
    }

    /// <summary>Sets a term.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns><see langword="false"/>: there is no such term.</returns>
    private bool TrySet(string name, string value)
    {
        switch (name)
        {
            case "can_play": Policy.CanPlay = Flag(); return true;
            case "can_persist": Policy.CanPersist = Flag(); return true;
            case "can_renew": Policy.CanRenew = Flag(); return true;
            case "rental_duration_seconds": Policy.RentalDurationSeconds = Number(); return true;
            case "playback_duration_seconds": Policy.PlaybackDurationSeconds = Number(); return true;
            case "license_duration_seconds": Policy.LicenseDurationSeconds = Number(); return true;
            case "renewal_recovery_duration_seconds": Policy.RenewalRecoveryDurationSeconds = Number(); return true;
            case "renewal_server_url": Policy.RenewalServerUrl = value; return true;
            case "renewal_delay_seconds": Policy.RenewalDelaySeconds = Number(); return true;
            case "renewal_retry_interval_seconds": Policy.RenewalRetryIntervalSeconds = Number(); return true;
            case "renew_with_usage": Policy.RenewWithUsage = Flag(); return true;
            case "always_include_client_id": Policy.AlwaysIncludeClientId = Flag(); return true;
            case "play_start_grace_period_seconds": Policy.PlayStartGracePeriodSeconds = Number(); return true;
            case "soft_enforce_playback_duration": Policy.SoftEnforcePlaybackDuration = Flag(); return true;
            case "soft_enforce_rental_duration": Policy.SoftEnforceRentalDuration = Flag(); return true;
            case "protection_scheme": Scheme = FourCC(value); return true;
            case "keys": Keys = KeyList(value); return true;
            case "track_labels": HasLabels = Flag(); return true;
            case "entitlement_key_size_bytes": EntitlementKeySize = value is "16" or "32" ? (int)Parameters.Number(name, value) : throw Parameters.Wrong(name, value, "16 or 32"); return true;
            case "renewal_keys": RenewalKeys = Flag(); return true;
            default: return KeyTerms.TrySet(name.Split('.', 2)[0], value, new KeyContainer(), new OutputProtection(), new OutputProtection());
        }

        bool Flag() => Parameters.Flag(name, value);

        long Number() => Parameters.Number(name, value);
    }

    private static string KeyList(string value)
    {
        if (value == "all") return value;
        foreach (string kid in value.Split(','))
            if (Parameters.Hex("keys", kid).Length != 16) throw Parameters.Wrong("keys", value, "all, or identifiers of 16 bytes with commas between them");
        return value;
    }

    private static uint FourCC(string value) => value is "cenc" or "cbc1" or "cens" or "cbcs"
        ? value.Aggregate(0u, (code, letter) => code << 8 | letter)
        : throw Parameters.Wrong("protection_scheme", value, "cenc, cbc1, cens or cbcs");
}
