namespace Keyway.Sandbox;

/// <summary>
/// What an answer says about itself. A commercial service is emulated from its public documentation; where that is silent, the answer is the
/// sandbox's assumption, and its header says so instead of pretending.
/// </summary>
internal sealed class EmulatorNotes
{
    /// <summary>The header's name.</summary>
    public const string Header = "X-Keyway-Emulator";

    /// <summary>What the front page says about the header.</summary>
    public const string Help = """
        Answers of emulated services bear X-Keyway-Emulator: what of them is this sandbox's assumption because the public documentation does not
        say it (assumed=status,…), and which of the request's parameters were understood but have no effect here (ignored=trackType,…);
        or 'documented', when neither applies.
        """;

    private readonly SortedSet<string> _assumed = new(StringComparer.Ordinal), _ignored = new(StringComparer.Ordinal);

    /// <summary>Notes an assumption.</summary>
    /// <param name="what">What is assumed, in a word each.</param>
    public void Assume(params ReadOnlySpan<string> what)
    {
        foreach (string one in what) _assumed.Add(one);
    }

    /// <summary>Notes a parameter that has no effect.</summary>
    /// <param name="parameter">Its name.</param>
    public void Ignore(string parameter) => _ignored.Add(parameter);

    /// <summary>Puts the header on an answer.</summary>
    /// <param name="response">The answer.</param>
    public void Write(HttpResponse response) => response.Headers[Header] = ToString();

    /// <summary>The header's value.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        List<string> parts = [];
        if (_assumed.Count > 0) parts.Add("assumed=" + string.Join(',', _assumed));
        if (_ignored.Count > 0) parts.Add("ignored=" + string.Join(',', _ignored));
        return parts.Count == 0 ? "documented" : string.Join("; ", parts);
    }
}
