using System.Collections.Concurrent;
using System.Text;

namespace Keyway.Sandbox;

/// <summary>Makes the faults that a request asks for in its query, or the command line for all requests to an address, whatever service they are for.</summary>
/// <param name="next">The rest of the application.</param>
/// <param name="standing">Faults that requests need not ask for: paths, and what happens there.</param>
internal sealed class Faults(RequestDelegate next, StandingFaults standing)
{
    /// <summary>What the front page says about faults.</summary>
    public const string Help = """
        Faults on demand: add ?fault=PART,PART,… to any address.
          status:503           this status code; the body stays
          retry-after:2        a Retry-After header of so many seconds
          delay:2s  delay:80ms wait first, at most 60s
          content-type:a/b     claim this media type
          body:TEXT            this body; comes last, because TEXT may hold commas
          cut                  promise the whole body, send half of it, close
          reset                reset the connection, no answer
          once  times:2        only the first request or requests to exactly this address, then none
        Example: POST /clearkey?fault=status:503,times:2 fails twice and then works. To count anew, add &run=7
        """;

    private const int MostCounters = 4096;

    private static readonly object Spoils = new();

    private readonly ConcurrentDictionary<string, int> _met = new();

    /// <summary>Whether a fault takes the service's answer away from the client, so that the client may well send the same request again.</summary>
    /// <param name="context">The request.</param>
    /// <returns><see langword="true"/>: what is answered now will not arrive.</returns>
    public static bool WillSpoil(HttpContext context) => context.Items.ContainsKey(Spoils);

    /// <summary>Lets a request pass, with the faults that it asks for.</summary>
    /// <param name="context">The request.</param>
    /// <returns>A task that ends when the request has been dealt with.</returns>
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Query["fault"].ToString() is { Length: > 0 } text)
        {
            Fault fault;
            try
            {
                fault = Fault.Parse(text);
            }
            catch (FormatException e)
            {
                await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-fault", e.Message);
                return;
            }

            if (IsOver(fault, $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}")) await next(context);
            else await MakeAsync(fault, context);
            return;
        }

        (IReadOnlyList<KeyValuePair<string, Fault>> faults, int generation) = standing.Of(context.Request);
        foreach ((string path, Fault fault) in faults)
        {
            if (!string.Equals(path, context.Request.Path.Value, StringComparison.OrdinalIgnoreCase) || IsOver(fault, $"{generation} {path}")) continue;
            await MakeAsync(fault, context);
            return;
        }

        await next(context);
    }

    private bool IsOver(Fault fault, string what)
    {
        if (fault.Times == 0) return false;
        if (_met.Count > MostCounters) _met.Clear();   // a test machine that runs for weeks
        return _met.AddOrUpdate(what, 1, (_, met) => met + 1) > fault.Times;
    }

    private async Task MakeAsync(Fault fault, HttpContext context)
    {
        if (fault.Delay > TimeSpan.Zero)
        {
            try
            {
                await Task.Delay(fault.Delay, context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                return;   // the client did not wait
            }
        }

        if (fault.Reset)
        {
            context.Abort();
            return;
        }

        if (fault.Status >= StatusCodes.Status400BadRequest || fault.Cut || fault.Body is not null) context.Items[Spoils] = true;

        // The service answers as ever, into memory; then its answer is bent.
        HttpResponse response = context.Response;
        Stream connection = response.Body;
        using MemoryStream answer = new();
        response.Body = answer;
        try
        {
            await next(context);
        }
        finally
        {
            response.Body = connection;
        }

        byte[] body = fault.Body is { } text ? Encoding.UTF8.GetBytes(text) : answer.ToArray();
        response.StatusCode = fault.Status ?? response.StatusCode;
        response.ContentType = fault.ContentType ?? response.ContentType;
        if (fault.RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (response.StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified) return;

        response.ContentLength = body.Length;
        await connection.WriteAsync(fault.Cut ? body.AsMemory(0, body.Length / 2) : body);
        await connection.FlushAsync();   // and if that was half of it, the server closes the connection, as there is nothing else to do
    }
}
