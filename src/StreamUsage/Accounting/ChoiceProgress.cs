namespace StreamUsage.Accounting;

/// <summary>Which choices of an answer have begun and which have finished. Choices from the 64th on are not told apart: an answer that has them is complete by its terminal event only.</summary>
internal readonly record struct ChoiceProgress
{
    private const int Tracked = 63;

    private readonly ulong _begun, _finished;

    private ChoiceProgress(ulong begun, ulong finished)
    {
        _begun = begun;
        _finished = finished;
    }

    /// <summary>Whether at least one choice has begun, and all that have begun have finished.</summary>
    public bool AllFinished => _begun != 0 && _begun == _finished;

    /// <summary>The state after something of a choice was seen.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public ChoiceProgress Begin(long index) => new(_begun | Bit(index), _finished);

    /// <summary>The state after a choice's finish reason was seen.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public ChoiceProgress Finish(long index)
    {
        ulong bit = Bit(index);
        return new(_begun | bit, index >= Tracked ? _finished : _finished | bit);
    }

    /// <summary>Returns the state after output of a choice: a finish reason that came before it has not ended the choice.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public ChoiceProgress Continue(long index)
    {
        ulong bit = Bit(index);
        return new(_begun | bit, _finished & ~bit);
    }

    /// <summary>Gets a value indicating whether no other choice than the first has begun.</summary>
    internal bool IsFirstAlone => (_begun & ~1UL) == 0;

    /// <summary>Gets a value indicating whether a choice has finished.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    internal bool HasFinished(long index) => (_finished & Bit(index)) != 0;

    /// <summary>Whether something of a choice was seen.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    internal bool HasBegun(long index) => (_begun & Bit(index)) != 0;

    private static ulong Bit(long index) => 1UL << (int)Math.Clamp(index, 0, Tracked);
}
