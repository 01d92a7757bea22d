using System.Globalization;
using System.Text;
using System.Text.Json;
using Keyway.Sandbox.PlayReady;
using Keyway.Sandbox.Widevine;
using PlayReadyOddities = Keyway.Sandbox.PlayReady.Oddities;
using PlayReadyTerms = Keyway.Sandbox.PlayReady.LicenseTerms;
using WidevineOddities = Keyway.Sandbox.Widevine.Oddities;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The licence hosts. A token decides about everything: its keys, its terms, and no key from anywhere else.</summary>
/// <param name="desk">Judges tokens.</param>
/// <param name="widevine">Makes Widevine licences.</param>
/// <param name="playReady">Makes PlayReady licences.</param>
/// <param name="logger">Where to say what was done.</param>
internal sealed partial class LicenseHost(LicenseDesk desk, WidevineService widevine, PlayReadyService playReady, ILogger logger)
{
    /// <summary>Google's own words inside -7008, as a desktop client without a production signature met them.</summary>
    private const string UpstreamStatus = """{"status":"ACCESS_DENIED","internal_status":167,"content_provider":"intertrust","content_owner":"intertrust","client_info":[],"supported_tracks":[]}""";

    /// <summary>Answers a Widevine message.</summary>
    /// <param name="context">The request.</param>
    /// <param name="world">Where it is asked.</param>
    /// <returns>A task that ends when it is answered.</returns>
    public async Task WidevineAsync(HttpContext context, World world)
    {
        byte[] body = await ReadAsync(context), answer;
        EmulatorNotes notes = new();
        int status = StatusCodes.Status200OK;
        try
        {
            answer = Widevine(context, body, world);
            Log.Answered(logger, TokenSystem.Widevine, answer.Length);
        }
        catch (FormatException e)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
            return;
        }
        catch (ServiceException e)
        {
            string message = e.Code.Code == ErrorCodes.Generation && e.Message == e.Code.Meaning ? $"{e.Message}: {UpstreamStatus}" : e.Message;
            Log.Refused(logger, TokenSystem.Widevine, e.Code.Code, e.Message);
            notes.Assume("status");
            status = e.Code.Status;
            answer = JsonSerializer.SerializeToUtf8Bytes(new { error = new { code = e.Code.Code, message = $"[{e.Code.Code}] {message}" } });
        }

        notes.Write(context.Response);
        await SendAsync(context, status, status == StatusCodes.Status200OK ? "application/octet-stream" : "application/json", answer);
    }

    /// <summary>Answers a PlayReady challenge.</summary>
    /// <param name="context">The request.</param>
    /// <param name="world">Where it is asked.</param>
    /// <returns>A task that ends when it is answered.</returns>
    public async Task PlayReadyAsync(HttpContext context, World world)
    {
        byte[] body = await ReadAsync(context), answer;
        EmulatorNotes notes = new();
        int status = StatusCodes.Status200OK;
        PlayReadyOddities oddities = new();
        try
        {
            oddities = PlayReadyOddities.Read(Parameters.Of(context.Request.Query).Where(pair => PlayReadyOddities.Has(pair.Key)));
            answer = PlayReady(context, body, world, oddities);
            Log.Answered(logger, TokenSystem.PlayReady, answer.Length);
        }
        catch (FormatException e)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
            return;
        }
        catch (Exception e) when (e is ServiceException or FaultException)
        {
            // How the service tells its own errors to PlayReady clients is not known; a SOAP fault is to be expected.
            (uint code, string reason) = e switch
            {
                ServiceException service => (StatusCode.ServiceSpecific, $"[{service.Code.Code}] {service.Message}"),
                _ => (((FaultException)e).Status, e.Message),
            };
            Log.Fault(logger, code.ToString("X8", CultureInfo.InvariantCulture), reason);
            notes.Assume("soap-fault");
            status = StatusCodes.Status500InternalServerError;
            answer = Encoding.UTF8.GetBytes(SoapWriter.Fault(code, reason, $"{context.Request.Scheme}://{context.Request.Host}{context.Request.Path}", oddities));
        }

        notes.Write(context.Response);
        await SendAsync(context, status, oddities.IsSoap12 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8", answer);
    }

    private byte[] Widevine(HttpContext context, byte[] body, World world)
    {
        Admission admission = desk.Admit(context.Request, customData: null, TokenSystem.Widevine, world, device: null);
        WidevineOddities oddities = WidevineOddities.Read(Parameters.Of(context.Request.Query).Where(pair => WidevineOddities.Has(pair.Key)));
        IReadOnlyList<GrantedRight> rights = admission.Grant.Rights;
        Dictionary<string, string> terms = new(Parameters.Of(admission.Grant.Terms), StringComparer.Ordinal);
        for (int i = 0; i < rights.Count; i++)
            foreach ((string name, string value) in Parameters.Of(rights[i].Terms)) terms[$"{name}.{Label(i)}"] = value;
        ContentKeys keys = ContentKeys.Of(rights.Select((right, i) => new ContentKey(Label(i), right.Kid, right.Key)));
        bool isKept = !Faults.WillSpoil(context);
        try
        {
            // The service certificate comes from the same address with the same token, and is no licence.
            return WidevineService.IsLicenseRequest(body) ? admission.Redeem(isKept, Issue) : Issue();
        }
        catch (RefusedException e)
        {
            throw e.Code is "bad-chain" or "expired-certificate" ? new ServiceException(ErrorCodes.Generation) : new ServiceException(ErrorCodes.Generation, $"the Widevine licence could not be generated: {e.Message}");
        }

        byte[] Issue() => widevine.Answer(body, terms, oddities, isKept, keys);

        static string Label(int number) => "k" + number.ToString(CultureInfo.InvariantCulture);
    }

    private byte[] PlayReady(HttpContext context, byte[] body, World world, PlayReadyOddities oddities)
    {
        if (context.Request.Headers["SOAPAction"].ToString().Trim('"') is { Length: > 0 } action && action != PlayReadyEndpoint.Action)
            throw new FaultException(StatusCode.InvalidMessage, "Only AcquireLicense is answered here.");
        bool isKept = !Faults.WillSpoil(context);

        Challenge challenge = playReady.Verify(body, oddities, isKept);
        Admission admission = desk.Admit(context.Request, challenge.CustomData, TokenSystem.PlayReady, world, Convert.ToHexStringLower(challenge.Device.ClientId));
        return admission.Redeem(isKept, () => playReady.Answer(challenge, Terms(admission.Grant, challenge), oddities));
    }

    /// <summary>The terms of the keys that the content's header names; where that names others, as a placeholder does, those of all the token's keys.</summary>
    private static IReadOnlyList<PlayReadyTerms> Terms(TokenGrant grant, Challenge challenge)
    {
        List<GrantedRight> asked = [.. grant.Rights.Where(right => challenge.Header.Keys.Any(key => Convert.ToHexStringLower(key.Kid.ToByteArray(bigEndian: true)) == right.Kid))];
        string cfg = string.Join(',', (asked.Count > 0 ? asked : grant.Rights).Select(right =>
            $"(kid:{new Guid(Convert.FromHexString(right.Kid), bigEndian: true)},contentkey:{Convert.ToHexStringLower(right.Key)},{grant.Terms},{right.Terms})"));
        return PlayReadyTerms.Read(cfg);
    }

    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }

    private static Task SendAsync(HttpContext context, int status, string contentType, byte[] answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = answer.Length;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(answer, context.RequestAborted).AsTask();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{System}: answered with {Length} bytes")]
        public static partial void Answered(ILogger logger, TokenSystem system, int length);

        [LoggerMessage(2, LogLevel.Information, "{System}: refused: {Code} {Reason}")]
        public static partial void Refused(ILogger logger, TokenSystem system, int code, string reason);

        [LoggerMessage(3, LogLevel.Information, "PlayReady: refused with 0x{Status}: {Reason}")]
        public static partial void Fault(ILogger logger, string status, string reason);
    }
}
