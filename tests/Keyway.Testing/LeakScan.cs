using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace Keyway.Testing;

/// <summary>
/// Looks for secrets in everything that a run has produced: as bytes and as text, in hexadecimal of either case with or without separators, in both
/// alphabets of base64 (also inside a longer text), as decimal numbers, in the byte order of a GUID, and behind the escapes of URLs, JSON and XML.
/// Pieces count: eight bytes of a key are a leak.
/// </summary>
/// <remarks>
/// <para>Threads: any. Nothing is looked for before <see cref="Find"/>, so a secret may be planted after it was said.</para>
/// <para>What it cannot see: a secret that was encrypted, compressed or hashed.</para>
/// </remarks>
public sealed class LeakScan
{
    /// <summary>The shortest secret, in bytes. A shorter one cannot be told from chance.</summary>
    public const int ShortestSecret = 8;

    private readonly LeakNeedleSet _needles = new();
    private readonly ConcurrentQueue<(string Place, string Text)> _texts = new();
    private int _planted;

    /// <summary>How many texts were added.</summary>
    public int Count => _texts.Count;

    /// <summary>Where the texts stood, each place once: to check that a run was really recorded.</summary>
    public IReadOnlyCollection<string> Places => [.. _texts.Select(static text => text.Place).Distinct(StringComparer.Ordinal)];

    /// <summary>Says what is secret: random bytes, such as a key. Headers that everybody knows are not; plant what follows them.</summary>
    /// <param name="name">What to call it. It is told when the secret is found.</param>
    /// <param name="secret">The bytes.</param>
    /// <exception cref="ArgumentException">It is too short, or of so few different bytes that it cannot be told from chance.</exception>
    public void Plant(string name, ReadOnlySpan<byte> secret) => Plant(name, secret, isText: false);

    /// <summary>Says what is secret: a text, such as a token.</summary>
    /// <inheritdoc cref="Plant(string, ReadOnlySpan{byte})"/>
    public void Plant(string name, string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        Plant(name, Encoding.UTF8.GetBytes(secret), isText: true);
    }

    /// <summary>Adds a text.</summary>
    /// <param name="place">Where it stood: <c>standard output</c>, <c>log Keyway.Host</c>.</param>
    /// <param name="text">The text.</param>
    public void Add(string place, string? text)
    {
        if (!string.IsNullOrEmpty(text)) _texts.Enqueue((place, text));
    }

    /// <summary>Adds bytes.</summary>
    /// <inheritdoc cref="Add(string, string)"/>
    /// <param name="place">Where they stood.</param>
    /// <param name="bytes">The bytes. They are copied.</param>
    public void Add(string place, ReadOnlySpan<byte> bytes) => Add(place, Encoding.Latin1.GetString(bytes));

    /// <summary>Adds a value of any kind: what it says of itself, and what is in it.</summary>
    /// <param name="place">Where it stood.</param>
    /// <param name="value">The value.</param>
    public void AddValue(string place, object? value) => AddValue(place, value, depth: 0);

    /// <summary>Adds an exception: its text, its data, what else it tells, and everything inside of it.</summary>
    /// <param name="place">Where it was thrown or told.</param>
    /// <param name="exception">The exception.</param>
    public void Add(string place, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        Add($"{place}: {exception.GetType().Name}", exception.ToString());
        for (Exception? each = exception; each is not null; each = each.InnerException)
        {
            string where = $"{place}: {each.GetType().Name}";
            foreach (System.Collections.DictionaryEntry pair in each.Data)
            {
                AddValue($"{where}.Data", pair.Key);
                AddValue($"{where}.Data", pair.Value);
            }

            foreach (PropertyInfo property in each.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public))
                if (property.DeclaringType != typeof(Exception) && property.GetIndexParameters().Length == 0) AddValue($"{where}.{property.Name}", property.GetValue(each));
            Add($"{where}.Message", each.Message);
            if (each is AggregateException many)
                foreach (Exception inner in many.InnerExceptions.Skip(1)) Add(place, inner);
        }
    }

    /// <summary>Adds what is in a folder: the names and the bytes of all files, however deep; links are not followed.</summary>
    /// <param name="place">What to call the folder.</param>
    /// <param name="path">The folder.</param>
    /// <param name="except">Which files are no product of the run, by their path relative to the folder; <see langword="null"/>: none.</param>
    public void AddFolder(string place, string path, Func<string, bool>? except = null)
    {
        EnumerationOptions all = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (string file in Directory.EnumerateFileSystemEntries(path, "*", all))
        {
            string relative = Path.GetRelativePath(path, file);
            if (except?.Invoke(relative) == true) continue;
            Add($"a name in {place}", relative);
            if (File.Exists(file)) Add($"{place}/{relative}", File.ReadAllBytes(file));
        }
    }

    /// <summary>Looks for every secret in everything.</summary>
    /// <returns>Every secret that was found, once for each form and place; empty when all is well.</returns>
    /// <exception cref="InvalidOperationException">Nothing was planted, or nothing was added: it could find nothing.</exception>
    public IReadOnlyList<Leak> Find()
    {
        lock (_needles) return FindAll();
    }

    /// <summary>Looks for every secret in everything, and throws if one is found.</summary>
    /// <exception cref="LeakException">Something was found.</exception>
    /// <exception cref="InvalidOperationException">Nothing was planted, or nothing was added.</exception>
    public void Check()
    {
        IReadOnlyList<Leak> leaks = Find();
        if (leaks.Count > 0) throw new LeakException(leaks);
    }

    private List<Leak> FindAll()
    {
        if (_planted == 0 || _texts.IsEmpty) throw new InvalidOperationException($"{_planted} secrets, {_texts.Count} texts: there is nothing to find");
        Dictionary<(string, LeakForm, string), Leak> leaks = [];
        foreach (IGrouping<string, string> place in _texts.Distinct().Where(static text => text.Text.Length >= ShortestSecret).GroupBy(static text => text.Place, static text => text.Text))
        {
            foreach (string binary in place.Where(LeakReadings.IsBinary))
            {
                Note(place.Key, binary, _needles.Raw);
                Note(place.Key, binary.Replace("\0", "", StringComparison.Ordinal), _needles.Raw);
                Note(place.Key, LeakReadings.WithoutUtf8(binary), _needles.Raw);
            }

            // What was said in many short texts is read as one.
            foreach (string reading in LeakReadings.AsText(place).SelectMany(LeakReadings.Unescaped))
            {
                Note(place.Key, reading, _needles.Raw);
                Note(place.Key, LeakReadings.Hexadecimal(reading), _needles.Hexadecimal);
                Note(place.Key, LeakReadings.Base64(reading), _needles.Base64);
                Note(place.Key, LeakReadings.Decimal(reading), _needles.Decimal);
            }
        }

        return [.. leaks.Values];

        void Note(string place, string reading, LeakNeedles needles)
        {
            foreach ((string secret, LeakForm form, int at) in needles.Find(reading))
                leaks.TryAdd((secret, form, place), new Leak(secret, form, place, reading[Math.Max(0, at - 40)..at]));
        }
    }

    private void Plant(string name, ReadOnlySpan<byte> secret, bool isText)
    {
        if (secret.Length < ShortestSecret) throw new ArgumentException($"{name} is shorter than {ShortestSecret} bytes", nameof(secret));
        lock (_needles)
        {
            if (_needles.Add(name, secret, isText) == 0) throw new ArgumentException($"{name} has too few different bytes", nameof(secret));
            _planted++;
        }
    }

    private void AddValue(string place, object? value, int depth)
    {
        switch (value)
        {
            case null:
                return;
            case string text:
                Add(place, text);
                return;
            case Exception exception when depth < 4:
                Add(place, exception);
                return;
            case KeyValuePair<string, object?> pair:
                Add(place, pair.Key);
                AddValue(place, pair.Value, depth + 1);
                return;
            case byte[] bytes:
                Add(place, bytes.AsSpan());
                return;
            case ReadOnlyMemory<byte> bytes:
                Add(place, bytes.Span);
                return;
            case Memory<byte> bytes:
                Add(place, bytes.Span);
                return;
            case IEnumerable<byte> bytes:
                Add(place, bytes.ToArray().AsSpan());
                return;
        }

        Add(place, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
        if (depth >= 4 || value is not System.Collections.IEnumerable many) return;
        foreach (object? each in many) AddValue(place, each, depth + 1);
    }
}
