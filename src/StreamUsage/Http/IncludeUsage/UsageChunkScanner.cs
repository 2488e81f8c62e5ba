namespace StreamUsage.Http.IncludeUsage;

/// <summary>Recognizes Chat's usage chunk byte by byte: a JSON object with <c>"choices": []</c> and a usage object. A
/// mutable struct: never copy it.</summary>
/// <remarks><c>Utf8JsonReader</c> would parse a split value again with each read. That takes quadratic time, or decides
/// later.</remarks>
internal struct UsageChunkScanner
{
    private int _depth;
    private Name _name;
    private int _nameLength;
    private bool _isInString, _isEscaped, _isName, _expectsName, _expectsValue, _isAtFirstChoice, _isComplete, _hasNoChoices, _hasUsage;

    private enum Name
    {
        Other,
        Choices,
        Usage,
    }

    /// <summary>Gets whether the object ended and is the chunk.</summary>
    public readonly bool IsUsageChunk => _isComplete && _hasNoChoices && _hasUsage;

    /// <summary>Reads the next byte. Returns false once the object cannot be the chunk.</summary>
    public bool Read(byte value)
    {
        if (_isInString)
        {
            ReadInString(value);
            return true;
        }

        if (value is (byte)' ' or (byte)'\t')
        {
            return true;
        }

        if (_isComplete)
        {
            return false;
        }

        if (_isAtFirstChoice)
        {
            _isAtFirstChoice = false;
            _hasNoChoices = value == (byte)']';
            _depth--;
            return _hasNoChoices;
        }

        if (_expectsValue && _name != Name.Other && !BeginValue(value))
        {
            return false;
        }

        ReadStructure(value);
        return true;
    }

    // The first byte inside the choices array decides. A usage that is not an object is not the chunk's.
    private bool BeginValue(byte value)
    {
        bool isChoices = _name == Name.Choices;
        _isAtFirstChoice = isChoices;
        _hasUsage |= !isChoices;
        return value == (isChoices ? (byte)'[' : (byte)'{');
    }

    private void ReadStructure(byte value)
    {
        _expectsValue = false;
        switch (value)
        {
            case (byte)'"':
                _isInString = true;
                _isName = _depth == 1 && _expectsName;
                _nameLength = 0;
                _name = _isName ? Name.Other : _name;
                break;
            case (byte)'{' or (byte)'[':
                _expectsName = _depth == 0;
                _depth++;
                break;
            case (byte)'}' or (byte)']':
                _depth--;
                _isComplete = _depth == 0;
                break;
            case (byte)':' when _depth == 1:
                _expectsName = false;
                _expectsValue = true;
                break;
            case (byte)',' when _depth == 1:
                _expectsName = true;
                _name = Name.Other;
                break;
        }
    }

    private void ReadInString(byte value)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
        }
        else if (value == (byte)'\\')
        {
            _isEscaped = true;
            _nameLength = -1; // A name with an escape does not match.
        }
        else if (value == (byte)'"')
        {
            _isInString = false;
            _name = _isName && _nameLength != TextOf(_name).Length ? Name.Other : _name;
        }
        else if (_isName && _nameLength >= 0)
        {
            ReadInName(value);
        }
    }

    private void ReadInName(byte value)
    {
        if (_nameLength == 0)
        {
            _name = value == (byte)'c' ? Name.Choices : value == (byte)'u' ? Name.Usage : Name.Other;
        }

        ReadOnlySpan<byte> text = TextOf(_name);
        _nameLength = _nameLength < text.Length && text[_nameLength] == value ? _nameLength + 1 : -1;
    }

    private static ReadOnlySpan<byte> TextOf(Name name) => name switch
    {
        Name.Choices => "choices"u8,
        Name.Usage => "usage"u8,
        _ => default,
    };
}
