namespace StreamUsage.Accounting;

/// <summary>Represents which choices of an answer have begun and finished. Choices from the 64th on are not told apart,
/// so only a terminal event completes such an answer.</summary>
internal readonly record struct ChoiceProgress
{
    private const int Tracked = 63;

    private readonly ulong _begun, _finished;

    private ChoiceProgress(ulong begun, ulong finished)
    {
        _begun = begun;
        _finished = finished;
    }

    /// <summary>Gets whether at least one choice has begun, and all of these have finished.</summary>
    public bool AllFinished => _begun != 0 && _begun == _finished;

    /// <summary>Returns the state after part of a choice was seen.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public ChoiceProgress Begin(long index) => new(_begun | Bit(index), _finished);

    /// <summary>Returns the state after a choice's finish reason was seen.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public ChoiceProgress Finish(long index)
    {
        ulong bit = Bit(index);
        return new(_begun | bit, index >= Tracked ? _finished : _finished | bit);
    }

    /// <summary>Returns the state after output of a choice: an earlier finish reason did not end it.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public ChoiceProgress Continue(long index)
    {
        ulong bit = Bit(index);
        return new(_begun | bit, _finished & ~bit);
    }

    /// <summary>Gets whether no other choice than the first has begun.</summary>
    internal bool IsFirstAlone => (_begun & ~1UL) == 0;

    /// <summary>Returns whether a choice has finished.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    internal bool HasFinished(long index) => (_finished & Bit(index)) != 0;

    /// <summary>Returns whether part of a choice was seen.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    internal bool HasBegun(long index) => (_begun & Bit(index)) != 0;

    private static ulong Bit(long index) => 1UL << (int)Math.Clamp(index, 0, Tracked);
}
