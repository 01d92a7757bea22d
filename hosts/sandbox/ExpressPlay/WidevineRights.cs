using System.Globalization;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What is particular to a request for a Widevine token.</summary>
internal static class WidevineRights
{
    private const int MostHdcp = 5, MostDocumentedHdcp = 2;

    private static readonly string[] Hdcp = ["NONE", "V1", "V2", "V2_1", "V2_2", "NO_DIGITAL_OUTPUT"];

    /// <summary>Demands what must be there.</summary>
    /// <param name="parameters">The request.</param>
    /// <exception cref="ServiceException">It is not there.</exception>
    public static void Demand(TokenParameters parameters)
    {
        foreach (int? key in parameters.Keys())
        {
            if (parameters.Value("securityLevel", key) is null) throw new ServiceException(ErrorCodes.NoSecurityLevel);
            if (parameters.Value("hdcpOutputControl", key) is null) throw new ServiceException(ErrorCodes.NoHdcp);
        }
    }

    /// <summary>The terms of the whole licence, as parameters of the Widevine service.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="isStrict">Whether only what is documented is right.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>A query.</returns>
    /// <exception cref="ServiceException">A value is not right.</exception>
    public static string Terms(TokenParameters parameters, bool isStrict, EmulatorNotes notes)
    {
        if (parameters.Has("deviceid")) throw new ServiceException(ErrorCodes.NoDeviceBinding);
        bool isPersistent = GeneralFlags.Read(parameters, isStrict) ?? false;
        List<string> terms = ["keys=all", "track_labels=0", isPersistent ? "can_persist=1" : "can_persist=0"];
        int? license = Duration(parameters, "licenseDuration"), playback = Duration(parameters, "playbackDuration");

        // Documented: playback ends so long after it began. Where the later playbackDuration says that, licenseDuration is the time to the first play.
        if (playback is not null && license is not null)
        {
            notes.Assume("licenseDuration");
            terms.Add(Number("rental_duration_seconds", license));
            terms.Add(Number("playback_duration_seconds", playback));
        }
        else if ((playback ?? license) is { } seconds)
        {
            terms.Add(Number("playback_duration_seconds", seconds));
        }

        if (parameters.Value("contentId") is not null) notes.Ignore("contentId");
        return string.Join('&', terms);
    }

    /// <summary>The terms of a key, likewise.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="key">The key's number.</param>
    /// <param name="isStrict">Whether only what is documented is right.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>A query.</returns>
    /// <exception cref="ServiceException">A value is not right.</exception>
    public static string KeyTerms(TokenParameters parameters, int? key, bool isStrict, EmulatorNotes notes)
    {
        if (Times.Seconds(parameters.Value("securityLevel", key)!) is not (>= 1 and <= 5 and int level)) throw new ServiceException(ErrorCodes.SecurityLevel);
        if (!int.TryParse(parameters.Value("hdcpOutputControl", key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int hdcp)) throw new ServiceException(ErrorCodes.OutputFlags, "hdcpOutputControl is no number");
        if (hdcp < 0 || hdcp > (isStrict ? MostDocumentedHdcp : MostHdcp)) throw new ServiceException(ErrorCodes.OutputRange);
        if (parameters.Value("trackType", key) is not null) notes.Ignore("trackType");
        return string.Create(CultureInfo.InvariantCulture, $"level={level}&hdcp={Hdcp[hdcp]}");
    }

    /// <summary>Checks the extensions.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <exception cref="ServiceException">One is not right.</exception>
    public static void CheckExtensions(TokenParameters parameters, EmulatorNotes notes)
    {
        foreach (string extension in parameters.Values("wvExtension"))
        {
            if (extension.Length == 0) throw new ServiceException(ErrorCodes.NoValue);
            if (extension.Split(',', 2) is not [string type, string payload]) throw new ServiceException(ErrorCodes.WidevineExtension);
            Extensions.Check(type, payload);
            notes.Ignore("wvExtension");
        }
    }

    private static int? Duration(TokenParameters parameters, string name)
    {
        if (parameters.Value(name) is not { } text) return null;
        return Times.Seconds(text) is > 0 and int seconds ? seconds : throw new ServiceException(ErrorCodes.LicenseDuration, $"{name} is not a number of seconds");
    }

    private static string Number(string name, int? value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");
}
