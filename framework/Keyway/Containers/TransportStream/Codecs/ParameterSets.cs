namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>Parameter sets of one kind that a stream has shown: of each number the latest.</summary>
internal sealed class ParameterSets
{
    private readonly List<(uint Id, byte[] Nal)> _sets = [];

    public int Count => _sets.Count;

    public IEnumerable<byte[]> Nals => _sets.Select(static set => set.Nal);

    /// <summary>Notes one.</summary>
    /// <returns>Whether it is new, or another one than before.</returns>
    public bool Note(uint id, ReadOnlySpan<byte> nal)
    {
        for (int i = 0; i < _sets.Count; i++)
        {
            if (_sets[i].Id != id) continue;
            if (nal.SequenceEqual(_sets[i].Nal)) return false;
            _sets[i] = (id, nal.ToArray());
            return true;
        }

        _sets.Add((id, nal.ToArray()));
        return true;
    }
}
