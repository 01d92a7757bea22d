using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The parameters of a token request. Names are case-sensitive; one that belongs to a single key of several ends in a dot and the key's number.</summary>
/// <param name="values">Names and values.</param>
internal sealed class TokenParameters(IReadOnlyDictionary<string, StringValues> values)
{
    private const int MostKeys = 32;

    /// <summary>Reads what a client sent: the query of a GET, the form of a POST.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The parameters.</returns>
    public static async Task<TokenParameters> ReadAsync(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method)) return new(request.Query.ToDictionary(StringComparer.Ordinal));
        if (!request.HasFormContentType) return new(new Dictionary<string, StringValues>());
        IFormCollection form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
        return new(form.ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>Whether a parameter is there, with or without a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="key">The key's number; <see langword="null"/>: the parameter is for all.</param>
    /// <returns>Whether it is.</returns>
    public bool Has(string name, int? key = null) => Raw(name, key) is not null;

    /// <summary>A parameter's text as it is, even if empty.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="key">The key's number, likewise. A parameter without a number is that of every key.</param>
    /// <returns>The text, or <see langword="null"/>: it is not there.</returns>
    public string? Raw(string name, int? key = null) => key is { } number && values.TryGetValue(Numbered(name, number), out StringValues own) ? own[0] : values.TryGetValue(name, out StringValues all) ? all[0] : null;

    /// <summary>A parameter's value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="key">The key's number, likewise.</param>
    /// <returns>The value, or <see langword="null"/>: it is not there.</returns>
    /// <exception cref="ServiceException">It is there without a value.</exception>
    public string? Value(string name, int? key = null) => Raw(name, key) is { } text ? text.Length > 0 ? text : throw new ServiceException(ErrorCodes.NoValue, $"{name}: a value is missing") : null;

    /// <summary>All values of a parameter that may be there several times.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The values.</returns>
    public IEnumerable<string> Values(string name) => values.TryGetValue(name, out StringValues all) ? all.Select(value => value ?? "") : [];

    /// <summary>Whether a parameter has one of its own for every key.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether it has.</returns>
    public bool IsNumbered(string name) => values.Keys.Any(key => key.StartsWith(name + ".", StringComparison.Ordinal) && int.TryParse(key.AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _));

    /// <summary>The keys' numbers.</summary>
    /// <returns>From zero on without a gap; one <see langword="null"/>, when keys are not numbered.</returns>
    public IReadOnlyList<int?> Keys()
    {
        if (!IsNumbered("kid")) return [null];
        List<int?> numbers = [];
        while (numbers.Count < MostKeys && values.ContainsKey(Numbered("kid", numbers.Count))) numbers.Add(numbers.Count);
        return numbers.Count > 0 ? numbers : [0];   // numbers that do not begin at zero: the kid of the first is missing
    }

    /// <summary>The names alone.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Join(' ', values.Keys);

    private static string Numbered(string name, int key) => string.Create(CultureInfo.InvariantCulture, $"{name}.{key}");
}
