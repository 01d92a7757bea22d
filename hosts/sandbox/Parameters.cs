using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Keyway.Sandbox;

/// <summary>Reads names and values of queries.</summary>
internal static class Parameters
{
    /// <summary>The parameters of a request, without those that are not for a service: <c>fault</c>, and <c>run</c>, which only makes an address another one.</summary>
    /// <param name="query">The request's query.</param>
    /// <returns>Names and values; of a name that is there several times, the values with commas between them.</returns>
    public static IReadOnlyDictionary<string, string> Of(IQueryCollection query) => Of(query.AsEnumerable());

    /// <summary>The parameters in a text.</summary>
    /// <param name="text">The text, in the form of a query.</param>
    /// <returns>Names and values.</returns>
    public static IReadOnlyDictionary<string, string> Of(string text) => Of(QueryHelpers.ParseQuery(text));

    /// <summary>Reads a whole number.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="value">Its value.</param>
    /// <returns>The number.</returns>
    /// <exception cref="FormatException">It is none.</exception>
    public static long Number(string name, string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : throw Wrong(name, value, "a whole number");

    /// <summary>Reads a yes or no.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="value">Its value.</param>
    /// <returns>It.</returns>
    /// <exception cref="FormatException">It is neither.</exception>
    public static bool Flag(string name, string value) => value switch
    {
        "1" or "true" => true,
        "0" or "false" => false,
        _ => throw Wrong(name, value, "1 or 0"),
    };

    /// <summary>Reads bytes.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="value">Its value.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="FormatException">They are not in hexadecimal; dashes do not count.</exception>
    public static byte[] Hex(string name, string value)
    {
        try
        {
            return Convert.FromHexString(value.Replace("-", "", StringComparison.Ordinal));
        }
        catch (FormatException)
        {
            throw Wrong(name, value, "hexadecimal");
        }
    }

    /// <summary>Says that a value is wrong.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="value">Its value.</param>
    /// <param name="expected">What would be right.</param>
    /// <returns>The exception.</returns>
    public static FormatException Wrong(string name, string value, string expected) => new($"{name}={value}: expected {expected}.");

    private static Dictionary<string, string> Of(IEnumerable<KeyValuePair<string, StringValues>> pairs) =>
        pairs.Where(pair => pair.Key is not ("fault" or "run")).ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal);
}
