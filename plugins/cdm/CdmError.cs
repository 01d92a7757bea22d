using System.Globalization;
using System.Text.RegularExpressions;
using Keyway.Cdm.Child;
using Keyway.Cdm.Wire;
using Keyway.Licensing;

namespace Keyway.Cdm;

/// <summary>The exceptions of this key system, each made in one place. No text holds a byte of a key, a challenge or a licence.</summary>
internal static partial class CdmError
{
    /// <summary>The settings are wrong.</summary>
    public static LicenseServiceException Settings(IEnumerable<string> errors) => new(LicenseErrorKind.CredentialInvalid, string.Join('\n', errors))
    {
        Advice = $"{CdmConstants.Page}#configuration lists the settings.",
    };

    /// <summary>The module cannot be used.</summary>
    public static LicenseServiceException Module(CdmOptions options, string reason, Exception? cause = null) => new(LicenseErrorKind.CredentialInvalid, $"CDM {options.Module}: {reason}", cause)
    {
        Advice = $"{CdmConstants.Page}#configuration says what a module is and where it is named.",
    };

    /// <summary>Initialisation data that the module cannot be given.</summary>
    public static LicenseServiceException Header(CdmOptions options, string reason) => new(LicenseErrorKind.HeaderUnsupported, $"CDM {options.ModuleName}: {reason}");

    /// <summary>The module's process is gone.</summary>
    public static LicenseServiceException Lost(CdmOptions options, ModuleFacts? facts, ChildEnd end) =>
        new(LicenseErrorKind.InternalFault, $"CDM {Named(options, facts)} {(end.GaveUp ? "gave up" : "died")} {end.StageText}: {end.Reason}")
        {
            Advice = $"{CdmConstants.Page}#when-a-module-dies says what follows.",
        };

    /// <summary>The module has died too often.</summary>
    public static LicenseServiceException OutOfOrder(CdmOptions options, ModuleFacts? facts, ChildEnd end) =>
        new(LicenseErrorKind.InternalFault, string.Create(CultureInfo.InvariantCulture,
            $"CDM {Named(options, facts)} has failed {CdmLimits.Crashes} times in {CdmLimits.CrashWindow.TotalMinutes:0} minutes, the last time {end.StageText} ({end.Reason}): it is out of order until the host starts anew"))
        {
            Advice = $"{CdmConstants.Page}#when-a-module-dies says what follows.",
        };

    /// <summary>The module is started again, but not at once.</summary>
    public static LicenseServiceException NotYet(CdmOptions options, ModuleFacts? facts, TimeSpan left) =>
        new(LicenseErrorKind.InternalFault, string.Create(CultureInfo.InvariantCulture, $"CDM {Named(options, facts)} has died, and is started again in {left.TotalSeconds:0} s"))
        {
            Retryable = true,
            RetryAfter = left,
        };

    /// <summary>The module does not answer one call, and its process runs.</summary>
    public static LicenseServiceException NoAnswer(CdmOptions options, string what) => new(LicenseErrorKind.InternalFault, string.Create(CultureInfo.InvariantCulture,
        $"CDM {options.ModuleName}: it has not answered {what} after {options.AnswerTimeout.TotalSeconds:0.#} s"));

    /// <summary>The module refuses a call.</summary>
    /// <param name="options">Which module.</param>
    /// <param name="what">The call.</param>
    /// <param name="kind">What a refusal of its argument means.</param>
    /// <param name="answer">The rejection.</param>
    public static LicenseServiceException Rejected(CdmOptions options, string what, LicenseErrorKind kind, ChildAnswer answer)
    {
        FrameReader reader = answer.Read();
        (CdmException exception, uint code, string text) = ((CdmException)reader.U32(), reader.U32(), Redacted(reader.Text()));
        return new LicenseServiceException(
            exception switch
            {
                CdmException.TypeError or CdmException.NotSupported => kind,
                CdmException.InvalidState when kind == LicenseErrorKind.LicenseMalformed => kind,
                _ => LicenseErrorKind.Unknown,
            },
            $"CDM {options.ModuleName}: it refuses {what} ({Name(exception)}, code {Hex(code)}{(text.Length > 0 ? $": {text}" : "")})")
        {
            ProviderCode = Hex(code),
        };
    }

    /// <summary>What the module may not be asked for.</summary>
    public static LicenseServiceException Policy(CdmOptions options, string reason) => new(LicenseErrorKind.PolicyInvalid, $"CDM {options.ModuleName}: {reason}");

    /// <summary>An answer of the service that no module is given.</summary>
    public static LicenseServiceException Malformed(string reason) => new(LicenseErrorKind.LicenseMalformed, $"answer for the CDM: {reason}");

    /// <summary>The module has done what its interface has no place for.</summary>
    public static LicenseServiceException Fault(CdmOptions options, string reason) => new(LicenseErrorKind.InternalFault, $"CDM {options.ModuleName}: {reason}");

    /// <summary>A module's text, in one line, without what may be a piece of a message, a licence or a key.</summary>
    internal static string Redacted(string text)
    {
        string plain = ChildDialog.Plain(text);
        plain = LongRun().Replace(plain, static run => IsWord(run.Value) ? run.Value : "…");
        return plain.Length > 200 ? plain[..200] : plain;
    }

    /// <summary>Whether it is a word and not eight bytes in some form: letters of one case, but for the first.</summary>
    private static bool IsWord(string run) => run.Length <= 24 && run.AsSpan(1).IndexOfAnyExceptInRange('a', 'z') < 0;

    private static string Named(CdmOptions options, ModuleFacts? facts) => facts is { Version.Length: > 0 } ? $"{options.ModuleName} {facts.Version}" : options.ModuleName;

    private static string Hex(uint code) => "0x" + code.ToString("X8", CultureInfo.InvariantCulture);

    private static string Name(CdmException exception) => exception switch
    {
        CdmException.TypeError => "TypeError",
        CdmException.NotSupported => "NotSupportedError",
        CdmException.InvalidState => "InvalidStateError",
        CdmException.QuotaExceeded => "QuotaExceededError",
        _ => $"exception {(uint)exception}",
    };

    // Eight bytes in any usual form: hexadecimal digits, base64, decimal numbers with something between them.
    [GeneratedRegex(@"[A-Za-z0-9+/_=-]{11,}|(?:[0-9A-Fa-f]{1,3}[\s,:;.-]+){7,}[0-9A-Fa-f]{1,3}")]
    private static partial Regex LongRun();
}
