using System.Globalization;
using System.Text.Json;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Shows the log of redemptions. The ways to ask are documented and exclude each other; the form of the answer is this sandbox's own.</summary>
/// <param name="state">The log.</param>
internal sealed class RedemptionLog(ServiceState state)
{
    private const int Newest = 32;

    /// <summary>Answers holders of an authenticator, with the events of its world.</summary>
    /// <param name="context">The request.</param>
    /// <param name="world">Where it is asked.</param>
    /// <returns>A task that ends when it is answered.</returns>
    public Task RecordAsync(HttpContext context, World world)
    {
        string? authenticator = context.Request.Query["customerAuthenticator"];
        ServiceException? error = string.IsNullOrEmpty(authenticator) ? new ServiceException(ErrorCodes.NoAuthenticator)
            : state.Find(authenticator)?.World == world ? null
            : new ServiceException(ErrorCodes.Authenticator);
        return error is null ? AnswerAsync(context, world) : TokenAnswer.Error(error, isJson: true, new EmulatorNotes()).SendAsync(context);
    }

    /// <summary>Answers anybody, as the sandbox's own view.</summary>
    /// <param name="context">The request.</param>
    /// <param name="world">The world; <see langword="null"/>: both.</param>
    /// <returns>A task that ends when it is answered.</returns>
    public Task AnswerAsync(HttpContext context, World? world)
    {
        IReadOnlyList<Redemption> events = [.. state.Redemptions().Where(one => world is null || one.World == world)];
        try
        {
            events = Choose(events, context.Request.Query);
        }
        catch (FormatException e)
        {
            return JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
        }

        EmulatorNotes notes = new();
        notes.Assume("json");
        notes.Write(context.Response);
        return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray("records"u8);
            foreach (Redemption one in events) Write(json, one);
            json.WriteEndArray();
        });
    }

    private static IReadOnlyList<Redemption> Choose(IReadOnlyList<Redemption> events, IQueryCollection query)
    {
        bool byCookie = query.ContainsKey("cookie"), byId = query.ContainsKey("id"), byWindow = query.ContainsKey("start") || query.ContainsKey("length");
        if ((byCookie ? 1 : 0) + (byId ? 1 : 0) + (byWindow ? 1 : 0) > 1) throw new FormatException("cookie, id, and start with length exclude each other.");
        if (byCookie) return [.. events.Where(one => one.Cookie == query["cookie"])];
        if (byId) return [.. events.Where(one => one.Id == Number("id"))];
        return byWindow ? [.. events.Skip((int)Number("start")).Take((int)Number("length"))] : [.. events.TakeLast(Newest)];

        long Number(string name) => Parameters.Number(name, query[name].ToString()) is >= 0 and <= int.MaxValue and long number ? number : throw Parameters.Wrong(name, query[name].ToString(), "a number");
    }

    private static void Write(Utf8JsonWriter json, Redemption one)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, one.Id);
        json.WriteString("time"u8, one.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteString("environment"u8, one.World == World.Test ? "test"u8 : "production"u8);
        json.WriteString("system"u8, one.System == TokenSystem.Widevine ? "widevine"u8 : "playready"u8);
        json.WriteString("account"u8, one.Account);
        json.WriteString("token"u8, one.Token);
        json.WriteNumber("count"u8, one.Count);
        json.WriteString("outcome"u8, one.Outcome);
        json.WriteString("cookie"u8, one.Cookie);
        json.WriteString("device"u8, one.Device);
        json.WriteString("ip"u8, one.Ip);
        json.WriteEndObject();
    }
}
