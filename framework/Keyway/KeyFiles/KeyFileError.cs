using System.Globalization;
using Keyway.Licensing;
using Keyway.Sources;

namespace Keyway.KeyFiles;

/// <summary>What can be wrong with a key file, in the words that every key system shares. No text has a letter of what it holds.</summary>
internal static class KeyFileError
{
    private const string Advice = "keys are fetched as segments are: headers and cookies for content go to the origin of the playlist, and to origins that headers are given for";

    /// <summary>What is called a key file in texts: without user name and query.</summary>
    public static string NameOf(Uri address) => $"the key file {SourceText.Of(address)}";

    /// <summary>It may not be asked for.</summary>
    public static LicenseServiceException Refused(Uri address, string reason) => new(LicenseErrorKind.UntrustedUrl, $"{NameOf(address)}: {reason}; nothing was asked");

    /// <summary>It cannot be had.</summary>
    public static LicenseServiceException Unreachable(Uri address, SourceException cause)
    {
        LicenseErrorKind kind = cause.Status switch
        {
            401 or 403 => LicenseErrorKind.TokenInvalid,
            404 or 410 => LicenseErrorKind.KeyNotFound,
            429 => LicenseErrorKind.Throttled,
            >= 500 => LicenseErrorKind.ServerFault,
            null when cause.MayPass => LicenseErrorKind.Network,
            null when address.IsFile => LicenseErrorKind.KeyNotFound,
            _ => LicenseErrorKind.Unknown,
        };
        string reason = cause.Message.StartsWith(cause.UnreachableSource + ": ", StringComparison.Ordinal) ? cause.Message[(cause.UnreachableSource.Length + 2)..] : cause.Message;
        return new LicenseServiceException(kind, $"{NameOf(address)}: {reason}", cause)
        {
            Status = cause.Status,
            Retryable = cause.MayPass,
            Advice = kind == LicenseErrorKind.TokenInvalid ? Advice : null,
        };
    }

    /// <summary>It is no key.</summary>
    public static LicenseServiceException NoKey(Uri address, string reason) => new(LicenseErrorKind.LicenseMalformed, $"{NameOf(address)}: {reason}") { Advice = "a key file is the 16 bytes of the key and nothing else (RFC 8216, 5)" };

    /// <summary>It has another length than a key.</summary>
    public static LicenseServiceException OtherLength(Uri address, string length) => NoKey(address, string.Create(CultureInfo.InvariantCulture, $"it has {length}, and a key has {KeyFileLimits.KeyBytes}"));
}
