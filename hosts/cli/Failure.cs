using System.Text.Json;
using Keyway.Cli.Sandbox;
using Keyway.Cli.Targets;
using Keyway.Containers.TransportStream;
using Keyway.Cpix;
using Keyway.Decryption;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Secrets;
using Keyway.Mp4;
using Keyway.Plugins;
using Keyway.Sessions;
using Keyway.Timeline;

namespace Keyway.Cli;

/// <summary>What went wrong, as the command reports it.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Kind">A word for scripts.</param>
/// <param name="Message">One line that names the place.</param>
/// <param name="Advice">What can be done about it.</param>
internal sealed record Failure(int Code, string Kind, string Message, string? Advice = null)
{
    /// <summary>Of a licence that could not be had, or does not allow what was asked for: the reason in the words that every key system shares.</summary>
    public string? Reason { get; init; }

    /// <summary>The key system's or the service's own code.</summary>
    public string? ProviderCode { get; init; }

    /// <summary>Whether the message has a line for each of several mistakes. A line break of any other message is part of a name.</summary>
    private bool IsList { get; init; }

    /// <summary>The page that says what it means and what can be done.</summary>
    public string Page => $"docs/errors/{Kind}.md";

    /// <summary>What an exception means. No URL in it keeps a user name or a password, whoever wrote the text.</summary>
    public static Failure From(Exception exception, CancellationToken interrupted)
    {
        Failure failure = Of(exception, interrupted);
        return failure with { Message = Redactor.WithoutUserInfo(failure.Message), Advice = failure.Advice is { } advice ? Redactor.WithoutUserInfo(advice) : null };
    }

    public static Failure Usage(string message) => new(ExitCode.Usage, "usage", Redactor.WithoutUserInfo(message), "keyway --help shows the commands, keyway COMMAND --help their options");

    private static Failure Of(Exception exception, CancellationToken interrupted) => exception switch
    {
        // Whatever the interrupt broke on its way out.
        _ when interrupted.IsCancellationRequested => new(ExitCode.Interrupted, "interrupted", "interrupted; nothing was left behind"),
        InterruptedException => new(ExitCode.Interrupted, "interrupted", exception.Message),
        UsageException => Usage(exception.Message),
        TargetException => new(ExitCode.Usage, "target", exception.Message),
        KeywayConfigurationException configuration => Of("configuration", configuration.Errors.Select(static error => error.ToString()), "keyway config shows every effective setting"),
        SettingsException settings => Of("configuration", settings.Errors.Select(static error => error.ToString()), advice: null),
        ArgumentException { ParamName: "options" or "asked" } => new(ExitCode.Usage, "usage", FirstLine(exception.Message)),
        PluginException plugins => Of("plugins", plugins.Required.Select(static plugin => $"required plugin '{plugin.Id}': {plugin.Problem}"), "keyway plugins shows every plugin that was found"),
        TrackNotFoundException or RenditionNotFoundException => new(ExitCode.Usage, "track", exception.Message),
        RangeNotFoundException => new(ExitCode.Usage, "range", exception.Message),
        CpixException cpix => Of(cpix),
        ManifestException => new(ExitCode.BadMedia, "manifest", exception.Message),
        MediaFormatException { KeyDoesNotFit: true } => new(ExitCode.NoUsableKey, "key", exception.Message),
        MediaFormatException => new(ExitCode.BadMedia, "media", exception.Message),
        SourceException => new(ExitCode.Unreachable, "source", exception.Message),
        NoKeySystemException => new(ExitCode.NoLicense, "key-system", exception.Message, "keyway inspect shows what the content offers; keyway config what is configured"),
        SampleDecryptionException sample => Of(sample.Status, sample.Message),
        UnitDecryptionException unit => Of(unit.Status, unit.Message),
        KeyUnavailableException key => Of(key),
        LicenseServiceException license => Of(license),
        LicenseStoreException store => Of(store),
        SecretException => new(ExitCode.Usage, "secret", exception.Message),
        BrokenPipeException => new(ExitCode.Interrupted, "interrupted", "the program that read the output has ended"),
        SandboxException sandbox => new(sandbox.Code == ExitCode.Usage ? ExitCode.Usage : ExitCode.Unexpected, "sandbox", exception.Message),
        IOException => new(ExitCode.Unexpected, "io", exception.Message),
        _ when PluginCode.FindIn(exception) is { } plugin => new(ExitCode.Unexpected, "unexpected", $"plugin '{plugin}' failed: {PluginText.Of(exception)}"),
        _ => new(ExitCode.Unexpected, "unexpected", $"{exception.GetType().Name}: {FirstLine(exception.Message)}"),
    };

    /// <summary>Reports it: one line and an advice on standard error, or one object on standard output. Where that cannot be written to, the code says it alone.</summary>
    /// <returns>The exit code.</returns>
    public int Tell(CommandIo io, bool json)
    {
        try
        {
            if (json)
            {
                io.Out.WriteLine(Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    WriteTo(writer);
                    writer.WriteEndObject();
                }));
                return Code;
            }
        }
        catch (IOException)
        {
            // Then people are told, who may be reading the other one.
        }

        io.Error.WriteLine($"keyway: {Shown.Text(Message, lineBreaks: IsList)}");
        if (Advice is not null) io.Error.WriteLine($"        {Shown.Text(Advice)}");
        if (Code != ExitCode.Interrupted) io.Error.WriteLine($"        more: keyway explain {Kind}");
        return Code;
    }

    /// <summary>Writes the member <c>error</c>, for commands that have something to report all the same.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("error");
        writer.WriteNumber("code", Code);
        writer.WriteString("kind", Kind);
        writer.WriteString("message", RawNames.Told(Message));
        if (Reason is not null) writer.WriteString("reason", Reason);
        if (ProviderCode is not null) writer.WriteString("providerCode", ProviderCode);
        if (Advice is not null) writer.WriteString("advice", Advice);
        writer.WriteString("page", Page);
        writer.WriteEndObject();
    }

    private static Failure Of(string kind, IEnumerable<string> mistakes, string? advice) =>
        new(ExitCode.Usage, kind, string.Join(Environment.NewLine, mistakes.Select(static mistake => Shown.Text(mistake))), advice) { IsList = true };

    private static Failure Of(CpixException exception) => exception.Kind is CpixErrorKind.Malformed or CpixErrorKind.NotSupported or CpixErrorKind.Conflict or CpixErrorKind.SchemeMismatch
        ? new(ExitCode.BadMedia, "cpix", exception.Message, "keyway inspect shows a CPIX document without its keys")
        : new(ExitCode.NoUsableKey, "cpix", exception.Message, "keyway inspect shows a CPIX document without its keys");

    private static Failure Of(LicenseStoreException exception) => exception.InnerException is SecretException
        ? new(ExitCode.Usage, "secret", exception.Message)
        : new(ExitCode.Unexpected, "store", exception.Message, "keyway licenses shows what is stored, and what is wrong there");

    private static Failure Of(LicenseServiceException exception)
    {
        // The service gave a licence; it is the disk that did not take it.
        if (exception.InnerException is LicenseStoreException store) return Of(store);
        string status = exception.Status is { } code && !exception.Message.Contains(code.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal) ? $" (HTTP {code})" : "";
        string said = exception.Data["CustomData"] is string { Length: > 0 } own ? $": {Redactor.Default.Text(own)}" : "";
        return new(ExitCodeOf(exception), Words(exception.Kind), $"licence: {exception.Message}{status}{said}", exception.Advice) { Reason = Words(exception.Kind), ProviderCode = exception.ProviderCode };
    }

    private static Failure Of(KeyUnavailableException exception) => exception.Reason switch
    {
        KeyUnavailableReason.LicenseFailed or KeyUnavailableReason.TimedOut when exception.InnerException is LicenseServiceException cause => Of(cause),
        KeyUnavailableReason.LicenseFailed => new(ExitCode.NoLicense, "licence", exception.Message),
        KeyUnavailableReason.TimedOut => new(ExitCode.NoUsableKey, "key", exception.Message, "Keyway:Licenses:KeyWaitSeconds says how long is waited"),
        KeyUnavailableReason.RefusedByPolicy or KeyUnavailableReason.Expired or KeyUnavailableReason.NotYet =>
            new(ExitCode.RefusedByPolicy, "policy", exception.Message, (exception.InnerException as LicenseServiceException)?.Advice) { Reason = Words(exception.Kind), ProviderCode = exception.ProviderCode },
        _ => new(ExitCode.NoUsableKey, "key", exception.Message),
    };

    private static Failure Of(DecryptStatus status, string message) => status switch
    {
        DecryptStatus.KeyNotFound or DecryptStatus.Decrypted => new(ExitCode.NoUsableKey, "key", message),
        DecryptStatus.KeyNotUsable => new(ExitCode.RefusedByPolicy, "policy", message),
        DecryptStatus.MalformedSample or DecryptStatus.SchemeNotSupported => new(ExitCode.BadMedia, "media", message),
        _ => new(ExitCode.Unexpected, "decryptor", message),
    };

    private static int ExitCodeOf(LicenseServiceException exception) => exception.Kind switch
    {
        // A licence came, and without the key; a service that refuses because of it has given no licence.
        LicenseErrorKind.KeyNotFound when exception.Status is null => ExitCode.NoUsableKey,
        LicenseErrorKind.OutputProtection or LicenseErrorKind.LicenseExpired or LicenseErrorKind.SecurityLevelTooLow => ExitCode.RefusedByPolicy,
        _ => ExitCode.NoLicense,
    };

    /// <summary>A reason as scripts read it: TokenExpired → token-expired.</summary>
    public static string Words(LicenseErrorKind kind) =>
        string.Concat(kind.ToString().Select(static (letter, i) => char.IsUpper(letter) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(letter) : letter.ToString()));

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Split(" (Parameter", 2)[0].TrimEnd('\r');
}
