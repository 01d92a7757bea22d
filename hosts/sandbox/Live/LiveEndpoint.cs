using System.Globalization;

namespace Keyway.Sandbox.Live;

/// <summary>Serves the channel at <c>/live/</c>.</summary>
internal static class LiveEndpoint
{
    /// <summary>Adds the addresses.</summary>
    /// <param name="routes">Where to add them.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="clock">The time that its answers bear.</param>
    public static void Map(IEndpointRouteBuilder routes, LiveChannel channel, TimeProvider clock) => routes.MapMethods("/live/{**path}", ["GET", "HEAD"], (RequestDelegate)(context =>
    {
        TimeSpan? end = null;
        if (context.Request.Query.TryGetValue("end", out Microsoft.Extensions.Primitives.StringValues text))
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) || seconds == 0)
                return JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", "end: expected seconds.");
            end = TimeSpan.FromSeconds(seconds);
        }

        LiveAnswer answer = channel.Answer((string?)context.Request.RouteValues["path"] ?? "", end, $"{context.Request.Scheme}://{context.Request.Host}");
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength = answer.Body.Length;
        context.Response.Headers.Date = clock.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(answer.Body, context.RequestAborted).AsTask();
    }));
}
