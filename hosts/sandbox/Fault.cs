using System.Globalization;

namespace Keyway.Sandbox;

/// <summary>One fault, as a request asks for it: parts with commas between them.</summary>
internal sealed record Fault
{
    /// <summary>The longest delay.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>The status code to answer with instead of the service's own.</summary>
    public int? Status { get; init; }

    /// <summary>The seconds to name in <c>Retry-After</c>.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>How long to wait before anything happens.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Whether to end the body in the middle, after promising its whole length.</summary>
    public bool Cut { get; init; }

    /// <summary>Whether to reset the connection instead of answering.</summary>
    public bool Reset { get; init; }

    /// <summary>The media type to claim.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body to send instead of the service's own.</summary>
    public string? Body { get; init; }

    /// <summary>How many requests meet the fault before it is over; 0: all.</summary>
    public int Times { get; init; }

    /// <summary>Reads a fault.</summary>
    /// <param name="text">The text: <c>status:503,times:2</c>.</param>
    /// <returns>The fault.</returns>
    /// <exception cref="FormatException">The text is something else; the message names the part.</exception>
    public static Fault Parse(string text)
    {
        Fault fault = new();
        for (string rest = text; rest.Length > 0;)
        {
            int colon = rest.IndexOf(':', StringComparison.Ordinal), comma = rest.IndexOf(',', StringComparison.Ordinal);
            bool takesRest = rest.StartsWith("body:", StringComparison.Ordinal);   // a body may hold commas, so it comes last
            string part = takesRest || comma < 0 ? rest : rest[..comma];
            rest = part.Length == rest.Length ? "" : rest[(comma + 1)..];
            string name = colon < 0 || colon >= part.Length ? part : part[..colon];
            string value = name.Length == part.Length ? "" : part[(colon + 1)..];

            fault = name switch
            {
                "status" when Number(value, 200, 599) is { } status => fault with { Status = status },
                "retry-after" when Number(value, 0, 3600) is { } seconds => fault with { RetryAfter = seconds },
                "delay" when Duration(value) is { } delay => fault with { Delay = delay },
                "cut" when value.Length == 0 => fault with { Cut = true },
                "reset" when value.Length == 0 => fault with { Reset = true },
                "content-type" when value.Length > 0 && value.All(char.IsAscii) && !value.Any(char.IsControl) => fault with { ContentType = value },
                "body" => fault with { Body = value },
                "times" when Number(value, 1, 1000) is { } times => fault with { Times = times },
                "once" when value.Length == 0 => fault with { Times = 1 },
                _ => throw new FormatException($"There is no fault '{part}'. GET / lists them."),
            };
        }

        return fault;
    }

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : null;

    private static TimeSpan? Duration(string text)
    {
        double unit = text.EndsWith("ms", StringComparison.Ordinal) ? 0.001 : text.EndsWith('s') ? 1 : 0;
        bool read = double.TryParse(text.TrimEnd('m', 's'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        return read && unit > 0 && number * unit <= LongestDelay.TotalSeconds ? TimeSpan.FromSeconds(number * unit) : null;
    }
}
