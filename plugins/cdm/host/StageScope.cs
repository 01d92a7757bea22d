using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>Says what the child is in the middle of, and afterwards what it was in the middle of before.</summary>
internal readonly ref struct StageScope
{
    private readonly Arena _arena;
    private readonly CdmStage _before;

    public StageScope(Arena arena, CdmStage stage)
    {
        _arena = arena;
        _before = arena.Stage;
        arena.Stage = stage;
    }

    public void Dispose() => _arena.Stage = _before;
}
