using System.Buffers;

namespace Keyway.Testing;

/// <summary>What to look for in one reading of a text, and whose it is.</summary>
internal sealed class LeakNeedles
{
    private readonly Dictionary<string, (string Secret, LeakForm Form)> _owners = new(StringComparer.Ordinal);
    private SearchValues<string>? _values;
    private int[] _lengths = [];

    /// <summary>Adds a needle. Of two secrets that share it the first one has it.</summary>
    public void Add(string needle, string secret, LeakForm form)
    {
        _owners.TryAdd(needle, (secret, form));
        _values = null;
    }

    /// <summary>All that is found in a text; the part of the text that stands before each.</summary>
    public IEnumerable<(string Secret, LeakForm Form, int At)> Find(string text)
    {
        if (_values is null)
        {
            _values = SearchValues.Create([.. _owners.Keys], StringComparison.Ordinal);
            _lengths = [.. _owners.Keys.Select(static needle => needle.Length).Distinct()];
        }

        int from = 0;
        while (text.AsSpan(from).IndexOfAny(_values) is >= 0 and int next)
        {
            int at = from + next;
            foreach (int length in _lengths)
            {
                if (at + length > text.Length || !_owners.TryGetValue(text.Substring(at, length), out (string Secret, LeakForm Form) owner)) continue;
                yield return (owner.Secret, owner.Form, at);
            }

            from = at + 1;
        }
    }
}
