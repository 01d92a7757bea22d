using Keyway.Decryption;
using Keyway.Messaging;

namespace Keyway;

/// <summary>Counts what becomes clear of one fragment, and says so once, at its end.</summary>
internal sealed class FragmentTally(PresentationSetup setup, int track)
{
    private int _samples;
    private long _length;
    private bool _failed;

    /// <summary>Notes one sample.</summary>
    public DecryptStatus Note(DecryptStatus status, int length)
    {
        _failed |= status != DecryptStatus.Decrypted;
        _samples++;
        _length += length;
        return status;
    }

    /// <summary>Notes a batch of samples.</summary>
    public void Note(BatchResult result, SampleBatch batch)
    {
        _failed |= result.Status != DecryptStatus.Decrypted;
        _samples += result.Done;
        for (int i = 0; i < result.Done; i++) _length += batch.SampleAt(i).Length;
    }

    /// <summary>Says that the fragment is clear, where it is.</summary>
    public void Tell()
    {
        if (_failed || _samples == 0) return;
        setup.First.Note(track);
        setup.Decrypted.Publish(new FragmentDecrypted { Presentation = setup.Id, Track = track, Samples = _samples, Length = _length });
        _samples = 0;
    }
}
