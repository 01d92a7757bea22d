namespace Keyway.Mp4.Structure;

/// <summary>What is not as it should be in a file and was read all the same. Each place once, and no more than anybody reads.</summary>
internal sealed class MediaNotes(string name)
{
    private readonly List<string> _texts = [];

    public IReadOnlyList<string> Texts => _texts;

    public MediaFormatException Error(FormatError error) => new(name, error);

    public void Add(FormatError error)
    {
        if (_texts.Count > Mp4Limits.Notes) return;
        string text = _texts.Count == Mp4Limits.Notes ? "there is more of this kind" : Error(error).Message;
        if (!_texts.Contains(text)) _texts.Add(text);
    }

    public void Add(List<FormatError> errors)
    {
        foreach (FormatError error in errors) Add(error);
    }
}
