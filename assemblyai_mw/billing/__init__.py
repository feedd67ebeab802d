"""Operations, usage and cost of calls. Pure.

operations        what AssemblyAI's hosts do: one row for each operation
decisive          the members that decide rights and prices, and their faults
replies           usage of a call, read from its request and its reply
usage             the record of it, of which prices are made
chat              tokens of chats, whole and streamed
features          features of a transcript, from requests and replies
sessions          streaming sessions: parameters, facts, cost of open ones
speech            speech synthesis: facts, words of a session, characters billed
agents            Voice Agent sessions: the ids that their messages name, and what they used
price_book        usage x prices -> money, exactly
compiled_book     which item a name means, and its price on a day
price_lines       quantity x rate, rounded
price_file        a price book's tables, checked and compiled
layers            the shipped prices.toml, refreshed prices over it, an operator's own over both
listed            the LLM Gateway's public price list, and what it changes in the refreshed prices
price_table       the prices in force on a day, line by line
toml              tables as TOML text
money             amounts, and how they came about
audio_containers  boxes in boxes
audio_length      length of an upload's audio, by its first bytes and its size
audio_mpeg        MP3 and its kin
audio_told        helpers of the audio header readers: numbers from untrusted bytes
spelling          names in other spellings, and mistyped ones
"""
