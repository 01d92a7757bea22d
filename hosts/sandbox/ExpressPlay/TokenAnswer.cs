using System.Net;
using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What the token host answers.</summary>
/// <param name="Status">The status code.</param>
/// <param name="ContentType">The media type.</param>
/// <param name="Body">The body.</param>
/// <param name="Notes">What it says about itself.</param>
internal sealed record TokenAnswer(int Status, string ContentType, byte[] Body, EmulatorNotes Notes)
{
    /// <summary>A Widevine token: a line of a uri-list.</summary>
    /// <param name="url">The licence address with the token.</param>
    /// <param name="notes">What it says about itself.</param>
    /// <returns>The answer.</returns>
    public static TokenAnswer Line(string url, EmulatorNotes notes) => new(StatusCodes.Status200OK, "text/uri-list", Encoding.ASCII.GetBytes(url + "\r\n"), notes);

    /// <summary>A PlayReady token: JSON, under the media type that the documentation has for all tokens.</summary>
    /// <param name="url">The licence address.</param>
    /// <param name="token">The token.</param>
    /// <param name="notes">What it says about itself.</param>
    /// <returns>The answer.</returns>
    public static TokenAnswer Pair(string url, string token, EmulatorNotes notes) => new(StatusCodes.Status200OK, "text/uri-list", JsonSerializer.SerializeToUtf8Bytes(new { licenseAcquisitionUrl = url, token }), notes);

    /// <summary>An error.</summary>
    /// <param name="error">The error.</param>
    /// <param name="isJson">Whether in JSON.</param>
    /// <param name="notes">What it says about itself.</param>
    /// <returns>The answer.</returns>
    public static TokenAnswer Error(ServiceException error, bool isJson, EmulatorNotes notes)
    {
        notes.Assume("status");
        notes.Assume(isJson ? "json" : "html");
        string message = $"[{error.Code.Code}] {error.Message}";
        return isJson
            ? new TokenAnswer(error.Code.Status, "application/json", JsonSerializer.SerializeToUtf8Bytes(new { error = new { code = error.Code.Code, message } }), notes)
            : new TokenAnswer(error.Code.Status, "text/html; charset=utf-8", Encoding.UTF8.GetBytes($"<!DOCTYPE html><html><head><title>Error</title></head><body><p>{WebUtility.HtmlEncode(message)}</p></body></html>\n"), notes);
    }

    /// <summary>Sends it.</summary>
    /// <param name="context">The request.</param>
    /// <returns>A task that ends when it is sent.</returns>
    public async Task SendAsync(HttpContext context)
    {
        Notes.Write(context.Response);
        context.Response.StatusCode = Status;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = Body.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(Body, context.RequestAborted);
    }

    /// <summary>The status alone: a token may be in the body.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Status}";
}
